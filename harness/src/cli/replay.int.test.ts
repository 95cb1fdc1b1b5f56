import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplayResult } from '../model/replays.ts';
import { createProject, type Project } from './testing/project.ts';

const SUITE = `suite: counts
environment: tiny
vars: { token: "\${secret.TOKEN}" }
throughout:
  - { metric: counted_total, of: counter, at-most: 50 }
cases:
  - case: counts and tells
    steps:
      - phase: before
      - request: { url: "http://counter:8000/count", status: 200 }
      - request: { url: "http://counter:8000/json", save: { seen: $.count } }
      - phase: after
      - eventually: { within: 5s, metric: counted_total, of: counter, increases-by: 1 }
      - expect:
          - log: { of: counter, where: { msg: counted } }
            during: before
            count: 1
          - metric: counted_total
            of: counter
            equals: "\${seen}"
          - http: http://counter:8000/json
            json: { id: a1, count: { at-least: 1 } }
          - service: counter
            state: ready
      - always: { for: 600ms, service: counter, state: ready }
  - case: promises too much
    steps:
      - request: { url: "http://counter:8000/count" }
      - eventually: { within: 700ms, metric: counted_total, of: counter, increases-by: { at-least: 3 } }
      - wait: 100ms
  - case: asks for what is not there
    steps:
      - expect: { metric: nowhere_total, of: counter, at-least: 1 }
  - case: sees it crash and come back
    steps:
      - service: { kill: counter }
      - eventually: { within: 10s, recovers-within: 9s, service: counter, state: ready }
      - expect: { log: { of: counter, where: { msg: listening, secret: "\${token}" } }, count: 1 }
  - case: is broken off by its time-out
    timeout: 700ms
    steps:
      - eventually: { within: 30s, metric: counted_total, of: counter, above: 1000 }
`;

const TOKEN = 'hunter2-hunter2';
const env = { TOKEN };

let project: Project;
let live: Map<string, string>;

beforeAll(async () => {
  project = createProject();
  const compose = readFileSync(join(project.folder, 'compose/tiny/compose.yaml'), 'utf8');
  project.write('compose/tiny/compose.yaml', compose.replace('ports:', 'restart: always\n    ports:'));
  project.write('suites/counts.suite.yaml', SUITE);
  const { exitCode, output } = await project.cli(['run'], { env });
  expect(exitCode, output).toBe(1);
  live = new Map(project.result().suites[0]?.cases.map(({ title, verdict }) => [title, verdict]));
}, 120_000);
afterAll(() => project.remove());

async function replay(args: string[] = []): Promise<{ exitCode: number | undefined; result: ReplayResult }> {
  const { exitCode, stdout, output } = await project.cli(['replay', 'newest', ...args, '--json'], { env });
  try {
    return { exitCode, result: JSON.parse(stdout) as ReplayResult };
  } catch {
    throw new Error(output);
  }
}

function changed(from: string, to: string): string {
  expect(SUITE).toContain(from);
  return project.write('other/counts.suite.yaml', SUITE.replace(from, to));
}

describe('testcard replay', () => {
  it('gives every verdict that the run gave: passed, failed and inconclusive', async () => {
    expect([...live.values()]).toEqual(['passed', 'failed', 'inconclusive', 'passed', 'inconclusive']);
    const { exitCode, result } = await replay();
    expect(result.cases.map(({ title, was, is }) => [title, was, is])).toEqual(
      [...live].map(([title, verdict]) => [title, verdict, verdict]),
    );
    const messages = result.cases.map(({ error, wasError }) => [error?.message, wasError?.message]);
    for (const [is, was] of messages) expect(is?.split(' (looked')[0]).toBe(was?.split(' (looked')[0]);
    expect(result).toMatchObject({ verdict: 'failed', exitCode: 1, notes: [] });
    expect(exitCode).toBe(1);
  });

  it('says which verdict moved, from what to what, by which line, and what was seen', async () => {
    const file = changed('count: 1\n          - metric', 'count: 2\n          - metric');
    const { stdout, exitCode } = await project.cli(['replay', 'newest', file, '--case', 'counts and tells'], { env });
    expect(stdout).toMatch(/MOVED passed → failed {2}counts › counts and tells/);
    expect(stdout).toMatch(/is {3}log of counter with .*exactly 2 lines — saw 1 line/);
    expect(stdout).toMatch(/other\/counts\.suite\.yaml:15:\d+ {2}- log: /);
    expect(stdout).toMatch(/yaml 17: count: 1 → count: 2/);
    expect(stdout).toContain('1 of 1 verdicts moved: 0 passed, 1 failed');
    expect(exitCode).toBe(1);
  });

  it.each([
    ['at-most: 50', 'at-most: 0', 'counts and tells', 'failed'],
    ['at-least: 3', 'at-least: 1', 'promises too much', 'inconclusive'],
    ['at-least: 3 } }\n      - wait: 100ms', 'at-least: 1 } }', 'promises too much', 'passed'],
    ['recovers-within: 9s', 'recovers-within: 1ms', 'sees it crash and come back', 'failed'],
    [
      'nowhere_total, of: counter, at-least: 1',
      'counted_total, of: counter, at-least: 0',
      'asks for what is not there',
      'passed',
    ],
    ['kill: counter', 'stop: counter', 'sees it crash and come back', 'inconclusive'],
    ['id: a1', 'id: a2', 'counts and tells', 'failed'],
    ['during: before', 'during: after', 'counts and tells', 'failed'],
  ])('judges by what is written now: %s → %s', async (from, to, title, verdict) => {
    const { result } = await replay([changed(from, to), '--case', title]);
    expect(result.cases).toMatchObject([{ title, is: verdict, was: live.get(title) }]);
  });

  it('takes no secret for another: what was masked fits what is masked', async () => {
    const file = changed('secret: "${token}"', 'secret: other');
    const { result } = await replay([file, '--case', 'sees it crash']);
    expect(result.cases).toMatchObject([{ is: 'failed' }]);
    expect(JSON.stringify(result)).not.toContain(TOKEN);
  });

  it('ends with 2 for a suite that is wrong, or not of the run', async () => {
    const wrong = changed('within: 5s', 'within: soon');
    expect(await project.cli(['replay', 'newest', wrong], { env })).toMatchObject({ exitCode: 2 });
    const other = project.write('other/elsewhere.suite.yaml', SUITE);
    const { exitCode, stderr } = await project.cli(['replay', 'newest', other], { env });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('it ran counts') });
    expect(await project.cli(['replay', 'reports/nowhere'])).toMatchObject({ exitCode: 2 });
  });

  it('refuses a run that was stored without what it needs, and names that', async () => {
    const old = join(project.folder, 'reports/old');
    cpSync(project.runFolder(), old, { recursive: true });
    rmSync(join(old, 'run.json'));
    const { exitCode, stderr } = await project.cli(['replay', 'old'], { env });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/cannot be replayed: it was stored without the single looks/);
    expect((await project.cli(['report', 'old'], { env })).exitCode).toBe(1);
    rmSync(old, { recursive: true });
  });

  it('tells of a run that was killed what it can', async () => {
    const killed = join(project.folder, 'reports/killed');
    cpSync(project.runFolder(), killed, { recursive: true });
    rmSync(join(killed, 'results.json'));
    const timeline = join(killed, 'suites/counts/timeline.ndjson');
    const text = readFileSync(timeline, 'utf8');
    writeFileSync(timeline, text.slice(0, text.indexOf('"case-started"', text.indexOf('"case-ended"')) + 700));
    const { stdout } = await project.cli(['replay', 'killed', '--json'], { env });
    const result = JSON.parse(stdout) as ReplayResult;
    expect(result.cases).toMatchObject([
      { title: 'counts and tells', is: 'passed' },
      { title: 'promises too much', is: 'inconclusive', error: { message: 'the run was killed in this case' } },
    ]);
    expect(result.notes).toContainEqual(expect.stringMatching(/the last line of its timeline \(\d+\) is torn/));
    const report = await project.cli(['report', 'killed'], { env });
    expect(report).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('promises too much') });
    rmSync(killed, { recursive: true });
  });
});

describe('testcard report', () => {
  it('makes every view of a stored run again, as the run had it', async () => {
    const folder = project.runFolder();
    const args = [
      'report',
      '-f',
      'junit=again.xml',
      '-f',
      'json=again.json',
      '-f',
      'tap=again.tap',
      '-f',
      'markdown=a.md',
    ];
    const { exitCode } = await project.cli(args, { env });
    expect(exitCode).toBe(1);
    const read = (path: string) => readFileSync(path, 'utf8');
    expect(read(join(project.folder, 'again.xml'))).toBe(read(join(folder, 'junit.xml')));
    expect(JSON.parse(read(join(project.folder, 'again.json')))).toMatchObject({ verdict: 'failed' });
    expect(read(join(project.folder, 'again.tap'))).toMatch(/^TAP version/);
    expect(read(join(project.folder, 'a.md'))).toContain('promises too much');
  });

  it('shows the summary, and writes the HTML report into the run’s folder', async () => {
    const { stdout } = await project.cli(['report'], { env });
    expect(stdout).toContain('2 passed, 1 failed, 2 inconclusive');
    rmSync(join(project.runFolder(), 'report.html'), { force: true });
    const html = await project.cli(['report', 'newest', '--format', 'html'], { env });
    expect(html.stdout.trim()).toMatch(/report\.html$/);
    expect(readdirSync(project.runFolder())).toContain('report.html');
    const wrong = await project.cli(['report', '--format', 'pdf']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('summary, html, junit') });
  });
});
