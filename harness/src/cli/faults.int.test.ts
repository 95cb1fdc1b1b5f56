import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import { createProject, type Project, RELAY_COMPOSE } from './testing/project.ts';

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

const faults = () => project.timeline().filter((event) => event.type === 'fault');
const ledgers = () => readdirSync(project.apart().env.TMPDIR).filter((name) => name.startsWith('testcard-faults-'));

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
    const recoveries = project.timeline().filter((event) => event.type === 'recovery');
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
    const events = project.timeline();
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
    expect(output).toContain('recovers within 500ms after pause counter');
    expect(output).toMatch(/seen +it took 1\.\d+s/);
    expect(exitCode).toBe(1);
  });
});

/** A second service that asks the first over one connection, ten times a second, with 4 KiB each time. */
function addCaller(environment = '{ PEER: "http://counter:8000/json" }'): void {
  project.write(
    'caller.mjs',
    `import { Agent, request } from 'node:http';
     const agent = new Agent({ keepAlive: true, maxSockets: 1 });
     const ask = () => request(process.env.PEER, { agent, method: 'POST' }, (answer) => answer.resume()).on('error', () => {});
     setInterval(() => ask().end('x'.repeat(4096)), 100);`,
  );
  const compose = join(project.folder, 'compose/tiny/compose.yaml');
  const caller = `  caller:
    image: none
    environment: ${environment}
    x-testcard: { embedded: { run: [node, caller.mjs] } }
`;
  project.write('compose/tiny/compose.yaml', `${readFileSync(compose, 'utf8').trimEnd()}\n${caller}`);
}

describe('faults on links', () => {
  it('are proven on a link in use, and over when the step says so', async () => {
    addCaller();
    project.write(
      'suites/a.suite.yaml',
      suite(
        'eventually: { within: 5s, http: "http://counter:8000/json", status: 200 }',
        'wait: 300ms',
        'network: { between: [caller, counter], cut: true, for: 500ms }',
        'network: { between: [caller, counter], wedge: true, for: 500ms }',
        'expect: [{ service: counter, state: ready }]',
      ).replace('wedge: true, for: 500ms }', 'wedge: true, for: 500ms }\n      - wait: 1s'),
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('1 passed, 0 failed, 0 inconclusive');
    expect(exitCode).toBe(0);
    const states = faults().map(({ kind, state }) => `${kind} ${state}`);
    for (const kind of ['network.cut', 'network.wedge']) {
      for (const state of ['asked', 'injected', 'proven', 'reverted']) expect(states).toContain(`${kind} ${state}`);
    }
  });

  it('are inconclusive, with exit code 3, on a link that nothing uses', async () => {
    addCaller('{ UNUSED: "http://counter:8000/json", PEER: "http://127.0.0.1:9/" }');
    project.write(
      'suites/a.suite.yaml',
      suite('network: { between: [caller, counter], cut: true }', 'expect: [{ service: counter, state: ready }]'),
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(3);
    expect(output).toMatch(/nothing has used/);
    expect(project.result().suites[0]?.cases[0]?.error).toMatchObject({ code: 'FAULT_UNPROVEN' });
  });

  it('are refused before anything starts where there is no link, no such service, or nothing to do', async () => {
    addCaller();
    project.write(
      'suites/a.suite.yaml',
      suite(
        'network: { between: [caller, conter], cut: true }',
        'network: { between: [caller, counter], port: 80, cut: true }',
        'network: { between: [caller, counter] }',
        'network: { between: [caller, counter], cut: true, reset: true }',
        'service: { kill: countr }',
        'service: { kill: counter, stop: counter }',
        'expect: [{ service: counter, state: ready }]',
      ),
    );
    const { exitCode, output } = await project.cli(['validate']);
    expect(exitCode).toBe(2);
    expect(output).toMatch(/:7:\d+ error .*conter.*\n[\s\S]*did you mean `counter`/);
    expect(output).toMatch(/:8:\d+ error there is no link between caller and counter at port 80/);
    expect(output).toMatch(/:9:\d+ error .*says what happens to the link/);
    expect(output).toMatch(/:10:\d+ error .*for two at once write two steps/);
    expect(output).toMatch(/:11:\d+ error unknown service `countr`/);
    expect(output).toMatch(/:12:\d+ error .*one of kill, stop/);
  });
});

/** A file system of 1 MB, which takes a privileged user. */
function mountSmall(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'faults-test-volume-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    console.warn('faults on disks: 1 test skipped, no file system can be mounted by this user');
    rmSync(folder, { recursive: true });
    return undefined;
  }
}
const volume = mountSmall();
afterAll(() => {
  if (volume === undefined) return;
  execFileSync('umount', [volume]);
  rmSync(volume, { recursive: true });
});

describe.skipIf(volume === undefined)('faults on disks', () => {
  it('are proven by a write that fails, and undone by the next command when their run was killed', async () => {
    const compose = join(project.folder, 'compose/tiny/compose.yaml');
    const run = 'run: [node, counter.mjs]';
    project.write('compose/tiny/compose.yaml', readFileSync(compose, 'utf8').replace(run, `${run}, data: "${volume}"`));
    project.write(
      'suites/a.suite.yaml',
      suite('disk: { fill: counter }', 'wait: 60s', 'expect: [{ service: counter, state: ready }]'),
    );
    const started = project.start(['run'], project.apart());
    const proven = await poll(
      () => {
        const last = faults().at(-1);
        return last?.state === 'proven' ? { done: true, value: true } : { done: false, last };
      },
      { withinMs: 20_000, clock: systemClock },
    );
    expect(proven).toMatchObject({ ok: true });
    expect(() => writeFileSync(join(volume ?? '', 'more'), 'x')).toThrow(/ENOSPC/);
    rmSync(join(volume ?? '', 'more'), { force: true });
    started.kill('SIGKILL');
    await started;
    const { stderr, stdout } = await project.cli(['list'], project.apart());
    expect(`${stdout}${stderr}`).toContain('fault of a killed run: fill the volume of counter: reverted');
    expect(readdirSync(volume ?? '')).toEqual([]);
    expect(ledgers()).toEqual([]);
  });
});

describe('a killed run', () => {
  it.each([
    'service: { pause: counter }',
    'service: { stop: counter }',
    'network: { between: [caller, counter], cut: true }',
    'network: { between: [caller, counter], wedge: true }',
    'network: { between: [caller, counter], latency: 200ms }',
    'network: { between: [caller, counter], slow-close: 500ms }',
    'network: { between: [caller, counter], bandwidth: 64kbit/s, towards: counter }',
  ])('leaves nothing of %s: the next command says so', async (step) => {
    addCaller();
    await killWhileActive(['wait: 300ms', step, 'wait: 60s', 'expect: [{ service: counter, state: ready }]']);
  });

  it.each(['freeze-video: true', 'drop-audio: true', 'delay-audio: 300ms', 'drop-every: 10'])(
    'leaves nothing of media { %s }: the next command says so',
    async (fault) => {
      const stream = 'rtsp://relay:8554/live';
      project.write(
        'compose/tiny/compose.yaml',
        RELAY_COMPOSE.replace('name: relay', 'name: tiny').replace(
          'x-testcard:',
          'x-testcard:\n      media-faults: "http://relay:9997/v3/faults"',
        ),
      );
      project.write(
        'fixtures/card.yaml',
        'duration: 20s\nvideo: { size: 640x360, rate: 15, keyframe-every: 5, bitrate-kbps: 800 }\naudio: { rate: 48000, channels: 2, bitrate-kbps: 96 }\n',
      );
      await killWhileActive([
        `publish: { fixture: card, to: "${stream}", loop: true }`,
        `media: { on: relay, stream: "${stream}", ${fault} }`,
        'wait: 60s',
        'expect: [{ service: relay, state: ready }]',
      ]);
    },
  );

  async function killWhileActive(steps: string[]): Promise<void> {
    project.write('suites/a.suite.yaml', suite(...steps));
    const run = project.start(['run'], project.apart());
    const proven = await poll(
      () => {
        const last = faults().at(-1);
        return last?.state === 'proven' ? { done: true, value: true } : { done: false, last };
      },
      { withinMs: 20_000, clock: systemClock },
    );
    expect(proven, JSON.stringify(proven)).toMatchObject({ ok: true });
    expect(ledgers()).toHaveLength(1);
    run.kill('SIGKILL');
    await run;
    const { stderr, stdout } = await project.cli(['list'], project.apart());
    expect(`${stdout}${stderr}`).toMatch(/fault of a killed run: .*: gone with its environment/);
    expect(ledgers()).toEqual([]);
  }
});
