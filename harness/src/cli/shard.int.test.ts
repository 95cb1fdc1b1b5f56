import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../model/results.ts';
import { createProject, type Project } from './testing/project.ts';

let project: Project;
let whole: RunResult;
let wholeCode: number | undefined;
const shards: string[] = [];

const suite = (name: string, status: number, more = '') => `suite: ${name}
environment: tiny
cases:
  - case: answers
    steps: [{ request: { url: "http://counter:8000/", status: ${status} } }]
${more}`;

beforeAll(async () => {
  project = createProject();
  project.write(
    'suites/a.suite.yaml',
    suite('a', 200, '  - { case: later, skip: not yet, steps: [{ expect: { service: counter, state: ready } }] }\n'),
  );
  project.write('suites/b.suite.yaml', suite('b', 404));
  project.write('suites/c.suite.yaml', suite('c', 200));
  wholeCode = (await project.cli(['run'])).exitCode;
  whole = project.result();
  for (const index of [1, 2]) {
    const { output } = await project.cli(['run', '--shard', `${index}/2`]);
    expect(output).toContain(`shard ${index} of 2: `);
    shards.push(project.runFolder());
  }
}, 180_000);
afterAll(() => project.remove());

const verdicts = ({ suites }: RunResult) =>
  suites.map(({ suite: id, verdict, cases }) => [id, verdict, cases.map((each) => [each.title, each.verdict])]);

describe('testcard run --shard and testcard report merge', () => {
  it('give one report, as of the run that was not divided', async () => {
    const ran = shards.map((folder) => readdirSync(join(folder, 'suites')));
    expect(ran.flat().sort()).toEqual(['a', 'b', 'c']);
    expect(ran.every((each) => each.length > 0)).toBe(true);
    const merge = await project.cli(['report', 'merge', ...shards, '--into', 'reports/merged', '-f', 'tap=all.tap']);
    expect(merge.exitCode, merge.output).toBe(wholeCode);
    const folder = join(project.folder, 'reports/merged');
    const merged = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResult;
    expect(verdicts(merged)).toEqual(verdicts(whole));
    expect(merged).toMatchObject({ verdict: whole.verdict, exitCode: wholeCode, command: 'testcard run' });
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toMatch(/<testsuites[^>]* tests="4"[^>]* failures="1"/);
    expect(readdirSync(folder).sort()).toEqual(
      expect.arrayContaining(['junit.xml', 'report.html', 'results.json', 'run.json', 'suites', 'summary.txt']),
    );
    expect(readFileSync(join(project.folder, 'all.tap'), 'utf8')).toContain('1..4');
    const replay = await project.cli(['replay', 'merged']);
    expect(replay).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('every verdict as it was') });
  });

  it('say loudly that a shard is missing', async () => {
    const [first = ''] = shards;
    const { exitCode, stderr } = await project.cli(['report', 'merge', first, '--into', 'reports/half']);
    expect(stderr).toContain('SHARD 2 OF 2 IS MISSING');
    const half = JSON.parse(readFileSync(join(project.folder, 'reports/half/results.json'), 'utf8')) as RunResult;
    const missing = half.suites.flatMap(({ cases }) => cases).filter(({ error }) => error?.code === 'SHARD_MISSING');
    expect(missing.length).toBeGreaterThan(0);
    expect(exitCode).toBe(half.verdict === 'failed' ? 1 : 3);
  });

  it('refuse what is no shard, what is there twice, what is of another selection, and a folder that is not empty', async () => {
    const [first = '', second = ''] = shards;
    const merge = async (...args: string[]) => {
      const { exitCode, stderr } = await project.cli(['report', 'merge', ...args]);
      return `${exitCode} ${stderr}`;
    };
    expect(await merge(first, first, '--into', 'x')).toMatch(/^2 .*are both shard 1 of 2/s);
    expect(await merge(join('reports', basename(whole.folder)), '--into', 'x')).toMatch(/^2 .*is no shard/s);
    expect(await merge(first, second, '--into', 'suites')).toMatch(/^2 .*suites is not empty/s);
    await project.cli(['run', '--shard', '2/2', '--case', 'answers']);
    expect(await merge(first, project.runFolder(), '--into', 'x')).toMatch(/^2 .*other cases of a were selected/s);
  });

  it('refuse a shard that is none, and more shards than suites', async () => {
    for (const text of ['3/2', '0/2', '2', 'x/y']) {
      expect(await project.cli(['run', '--shard', text])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('expected i/n'),
      });
    }
    expect(await project.cli(['run', '--shard', '1/4'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('4 shards of 3 suites'),
    });
  });

  it('balances by what suites took earlier', async () => {
    const times = { suites: ['a', 'b', 'c'].map((id, index) => ({ suite: id, elapsedMs: [10, 100, 20][index] })) };
    project.write('times.json', JSON.stringify(times));
    await project.cli(['run', '--shard', '1/2', '--durations', 'times.json']);
    expect(readdirSync(join(project.runFolder(), 'suites'))).toEqual(['b']);
    const wrong = await project.cli(['run', '--shard', '1/2', '--durations', 'none.json']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--durations none.json') });
  });
});
