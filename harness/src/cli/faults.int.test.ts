import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { createProject, type Project } from './testing/project.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const suite = (...steps: string[]) =>
  `suite: tiny
priority: P2
environment: tiny
cases:
  - case: broken on purpose
    steps:
${steps.map((step) => `      - ${step}\n`).join('')}`;

function timeline(): TimelineEvent[] {
  const [file = 'none'] = globSync('reports/*/suites/*/timeline.ndjson', { cwd: project.folder }).map((name) =>
    join(project.folder, name),
  );
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TimelineEvent);
}

const faults = () => timeline().filter((event) => event.type === 'fault');
const ledgers = (pid: number | undefined) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`testcard-faults-${pid}_`));

describe('faults on services', () => {
  it('are asked, proven, reverted on the timeline; recovery is timed against what the suite promises', async () => {
    project.write(
      'suites/a.suite.yaml',
      suite(
        'phase: outage',
        'service: { pause: counter, for: 500ms }',
        'expect: [{ service: counter, state: paused }]',
        'eventually: { within: 5s, http: "http://counter:8000/count", status: 200, recovers-within: 1s }',
        'service: { kill: counter }',
        'expect: [{ service: counter, exit-code: 137, state: exited }]',
        'service: { start: counter }',
        'eventually: { within: 5s, http: "http://counter:8000/count", status: 200 }',
      ),
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('1 passed, 0 failed, 0 inconclusive');
    expect(exitCode).toBe(0);
    expect(faults().map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      ...['asked', 'injected', 'proven', 'reverting', 'reverted'].map((state) => `service.pause ${state}`),
      ...['asked', 'injected', 'proven'].map((state) => `service.kill ${state}`),
    ]);
    const recoveries = timeline().filter((event) => event.type === 'recovery');
    expect(recoveries).toMatchObject([
      { after: 'pause counter', promisedMs: 1_000 },
      { after: 'kill counter with SIGKILL' },
    ]);
    expect(output).toContain('recovery after pause counter');
    // Held for as long as asked, within what a look and a timer take.
    const [, injected, , reverting] = faults();
    expect((reverting?.atMs ?? 0) - (injected?.atMs ?? 0)).toBeGreaterThanOrEqual(499);
    expect((reverting?.atMs ?? 0) - (injected?.atMs ?? 0)).toBeLessThan(700);
  });

  it('land within 50 ms of their step', async () => {
    project.write(
      'suites/a.suite.yaml',
      suite(
        'repeat: { times: 9, steps: [{ service: { pause: counter } }, { service: { resume: counter } }] }',
        'expect: [{ service: counter, state: ready }]',
      ),
    );
    const { exitCode } = await project.cli(['run']);
    expect(exitCode).toBe(0);
    const events = timeline();
    const delays = events.flatMap((event, index) => {
      if (event.type !== 'fault' || event.state !== 'injected') return [];
      const step = events.slice(0, index).findLast((each) => each.type === 'step-started');
      return [event.atMs - (step?.atMs ?? 0)];
    });
    expect(delays).toHaveLength(9);
    // The middle one: a busy machine may hold up any single one.
    expect(delays.sort((a, b) => a - b)[4]).toBeLessThan(50);
  });

  it('are inconclusive, with exit code 3, where there is nothing to break', async () => {
    project.write(
      'suites/a.suite.yaml',
      suite(
        'service: { stop: counter }',
        'service: { pause: counter }',
        'expect: [{ service: counter, state: paused }]',
      ),
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(3);
    expect(output).toContain('service counter does not run (stopped): there is nothing to break');
    expect(project.result().suites[0]?.cases[0]?.error).toMatchObject({ code: 'FAULT_UNPROVEN' });
    expect(faults().at(-1)).toMatchObject({ state: 'reverted', kind: 'service.stop' }); // the end of the case undoes the first
  });

  it('fail the case when recovery takes longer than promised', async () => {
    project.write(
      'suites/a.suite.yaml',
      suite(
        'service: { pause: counter, for: 300ms }',
        'eventually: { within: 5s, service: counter, state: ready }',
        `parallel:
          - repeat: { times: 1, steps: [{ wait: 1500ms }, { request: { url: "http://counter:8000/count" } }] }
          - eventually: { within: 5s, metric: counted_total, of: counter, increases-by: 1, recovers-within: 500ms }`,
      ),
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toMatch(/recovers within 500ms after pause counter — it took 1\.\d+s/);
    expect(exitCode).toBe(1);
  });
});

describe('a killed run', () => {
  it.each(['service: { pause: counter }', 'service: { stop: counter }'])(
    'leaves nothing of %s: the next command says so',
    async (step) => {
      project.write('suites/a.suite.yaml', suite(step, 'wait: 60s', 'expect: [{ service: counter, state: ready }]'));
      const run = project.start(['run']);
      const proven = await poll(
        () => (faults().some(({ state }) => state === 'proven') ? { done: true, value: true } : { done: false }),
        { withinMs: 20_000, clock: systemClock },
      );
      expect(proven.ok).toBe(true);
      expect(ledgers(run.pid)).toHaveLength(1);
      run.kill('SIGKILL');
      await run;
      const { stderr, stdout } = await project.cli(['list']);
      expect(`${stdout}${stderr}`).toMatch(/fault of a killed run: (pause|stop) counter: gone with its environment/);
      expect(ledgers(run.pid)).toEqual([]);
    },
  );
});
