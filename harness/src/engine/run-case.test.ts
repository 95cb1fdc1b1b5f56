import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FakeClock, fakeClock } from '../base/clock.fake.ts';
import { TestcardError } from '../model/errors.ts';
import type { AnyCheckKind, AnyStepKind, CheckKind } from '../model/kinds.ts';
import type { Activity, Window } from '../model/ports.ts';
import type { Case, CheckNode, StepNode } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import type { Judgement } from '../model/verdict.ts';
import { holdFault } from './hold-fault.ts';
import { type CaseWorld, runCase } from './run-case.ts';
import { alwaysStep } from './steps/always.ts';
import { eventuallyStep } from './steps/eventually.ts';
import { expectStep } from './steps/expect.ts';
import { finishStep } from './steps/finish.ts';
import { parallelStep } from './steps/parallel.ts';
import { phaseStep } from './steps/phase.ts';
import { publishStep } from './steps/publish.ts';
import { repeatStep } from './steps/repeat.ts';
import { waitStep } from './steps/wait.ts';

const at = (line: number) => ({ file: '/x.suite.yaml', line, col: 3 });

function step<I>(kind: { key: string }, input: I, line = 10): StepNode {
  return { key: kind.key, kind: kind as AnyStepKind, input, bind: () => input, title: kind.key, position: at(line) };
}

/** A check whose judgement is whatever `look` says at that moment. */
function check(look: (window: Window) => Partial<Judgement>, line = 20): CheckNode {
  const kind: CheckKind<null, Partial<Judgement>> = {
    key: 'probe',
    docs: { summary: '', example: '' },
    schema: z.null(),
    describe: () => 'probe',
    observe: async (_input, _ports, window) => look(window),
    judge: (seen) => ({ verdict: 'passed', expected: 'probe: true', seen: 'saw it', ...seen }),
  };
  return { kind: kind as AnyCheckKind, input: null, title: 'probe', position: at(line) };
}

function world(clock: FakeClock, over: Partial<CaseWorld> = {}) {
  const events: TimelineEvent[] = [];
  const unused = () => {
    throw new Error('not used in this test');
  };
  const made: CaseWorld = {
    clock,
    metrics: { history: unused, scrape: unused, exposition: unused, services: () => [], lastProblem: () => undefined },
    logs: { lines: () => [], dropped: () => 0 },
    services: { names: () => [], status: unused, history: () => [] },
    faults: { inject: unused, lastReverted: () => undefined, active: () => [], since: () => [] },
    control: {
      status: unused,
      kill: unused,
      stop: unused,
      start: unused,
      pause: unused,
      resume: unused,
      processes: unused,
    },
    http: { request: unused },
    streams: { probe: unused },
    recordings: { names: () => [], status: () => undefined, measure: unused },
    media: { publish: unused, record: unused },
    sockets: { emit: unused },
    emitEvent: (event) => events.push(event),
    mask: (text) => text.replaceAll('hunter2', '***'),
    prepare: async () => {},
    lossesSince: () => [],
    ownLoss: () => new Promise(() => {}),
    ...over,
  };
  return { made, events };
}

function kase(steps: StepNode[], over: Partial<Case> = {}): Case {
  return {
    id: 'c',
    title: 'a case',
    tags: [],
    priority: 'P1',
    timeoutMs: 60_000,
    vars: {},
    matrix: {},
    throughout: [],
    steps,
    position: at(5),
    ...over,
  };
}

const never = new AbortController().signal;

describe('runCase', () => {
  it('passes when every step does what it says', async () => {
    const clock = fakeClock();
    const { made, events } = world(clock);
    const outcome = await clock.run(
      runCase(kase([step(waitStep, 3_000), step(expectStep, [check(() => ({}))])]), made, never),
    );
    expect(outcome.verdict).toBe('passed');
    expect(events.map((event) => event.type)).toEqual([
      'case-started',
      'baseline',
      'step-started',
      'step-progress',
      'step-ended',
      'step-started',
      'step-progress',
      'look',
      'check',
      'step-ended',
      'case-ended',
    ]);
  });

  it('fails at the check that did not hold, and still judges the others of the step', async () => {
    const clock = fakeClock();
    const { made, events } = world(clock);
    const checks = [
      check(() => ({ verdict: 'inconclusive', seen: 'no data' }), 20),
      check(() => ({ verdict: 'failed', seen: 'saw 4' }), 21),
      check(() => ({ verdict: 'failed', seen: 'saw 5' }), 22),
    ];
    const outcome = await clock.run(runCase(kase([step(expectStep, checks)]), made, never));
    expect(outcome).toMatchObject({
      verdict: 'failed',
      error: { code: 'CHECK_FAILED', message: 'probe: true — saw 4' },
    });
    expect(outcome.error?.position?.line).toBe(21);
    expect(outcome.error?.cause).toMatchObject({ errors: [{}, {}] });
    expect(events.filter((event) => event.type === 'check')).toHaveLength(3);
  });

  it('is inconclusive, not failed, when a check saw no data', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const outcome = await clock.run(
      runCase(kase([step(expectStep, [check(() => ({ verdict: 'inconclusive', seen: 'no scrape' }))])]), made, never),
    );
    expect(outcome.verdict).toBe('inconclusive');
  });

  it('looks again for what may be on its way, and only for as long', async () => {
    const late = (afterMs: number, seenWithinMs?: number) => {
      const clock = fakeClock();
      const startMs = clock.nowMs();
      const node = check(() => (clock.nowMs() < startMs + afterMs ? { verdict: 'failed' } : {}));
      const kind = seenWithinMs === undefined ? node.kind : { ...node.kind, seenWithinMs };
      return clock.run(runCase(kase([step(expectStep, [{ ...node, kind }])]), world(clock).made, never));
    };
    expect(await late(200, 250)).toMatchObject({ verdict: 'passed' });
    expect(await late(300, 250)).toMatchObject({ verdict: 'failed' });
    expect(await late(10)).toMatchObject({ verdict: 'failed', elapsedMs: 0 });
  });

  it('waits for what is eventually true, and reports attempts, last value and movement when it is not', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    let value = 0;
    const rising = check(() => {
      value += 1;
      return value >= 5 ? {} : { verdict: 'failed', seen: `saw ${value}`, last: value };
    });
    const passed = await clock.run(
      runCase(kase([step(eventuallyStep, { within: 10_000, check: rising })]), made, never),
    );
    expect(passed.verdict).toBe('passed');

    const stuck = check(() => ({ verdict: 'failed', seen: 'saw 7', last: 7 }));
    const failed = await clock.run(
      runCase(kase([step(eventuallyStep, { within: 10_000, check: stuck })]), made, never),
    );
    expect(failed.error?.message).toMatch(/saw 7 \(looked \d+ times in 10s; it had not changed for 10s\)/);
  });

  it('ends a wait at once when it is hopeless or its barrier becomes true', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const exceeded = check(() => ({ verdict: 'failed', seen: 'saw 11', hopeless: 'already above 10' }));
    const hopeless = await clock.run(
      runCase(kase([step(eventuallyStep, { within: 50_000, check: exceeded })]), made, never),
    );
    expect(hopeless).toMatchObject({ verdict: 'failed', elapsedMs: 0 });

    const waiting = check(() => ({ verdict: 'inconclusive', seen: 'nothing yet' }));
    const barrier = check(() => ({ seen: 'worker exited' }));
    const barred = await clock.run(
      runCase(kase([step(eventuallyStep, { within: 50_000, check: waiting, unless: barrier })]), made, never),
    );
    expect(barred).toMatchObject({ verdict: 'failed', elapsedMs: 0 });
    expect(barred.error?.message).toContain('probe became true (worker exited)');
  });

  it('breaks `always` as soon as the check stops holding', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const until = check(() => (clock.monotonicMs() < 2_000 ? {} : { verdict: 'failed', seen: 'saw 4' }));
    const outcome = await clock.run(runCase(kase([step(alwaysStep, { for: 5_000, check: until })]), made, never));
    expect(outcome.error?.message).toMatch(/held for 2s of 5s/);
  });

  it('looks, in `always`, at what every sample since its beginning says', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const windows: (number | undefined)[] = [];
    const watched = check(() => ({}));
    watched.kind = {
      ...watched.kind,
      observe: async (_input, _ports, window) => {
        windows.push(window.heldSinceMs);
        return {};
      },
      judgeContinuously: () => ({ verdict: 'failed', expected: 'probe', seen: 'an earlier sample' }),
    };
    const outcome = await clock.run(
      runCase(kase([step(waitStep, 1_000), step(alwaysStep, { for: 5_000, check: watched })]), made, never),
    );
    expect(outcome.error?.message).toContain('an earlier sample');
    expect(windows[0]).toBe(1_000);
  });

  it('ends the case when a promise breaks that must hold throughout', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const breaking = check(() => (clock.monotonicMs() < 1_000 ? {} : { verdict: 'failed', seen: 'error logged' }), 30);
    const outcome = await clock.run(runCase(kase([step(waitStep, 50_000)], { throughout: [breaking] }), made, never));
    expect(outcome.verdict).toBe('failed');
    expect(outcome.error?.position?.line).toBe(30);
    expect(outcome.elapsedMs).toBeLessThan(2_000);
  });

  it('is not passed when nothing could be seen of a promise that must hold throughout', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const blind = check(() => ({ verdict: 'inconclusive', seen: 'no sample' }));
    const outcome = await clock.run(runCase(kase([step(waitStep, 1_000)], { throughout: [blind] }), made, never));
    expect(outcome.verdict).toBe('inconclusive');
  });

  it('ends at its time-out as inconclusive, and undoes what was started', async () => {
    const clock = fakeClock();
    let stopped = false;
    const activity: Activity = {
      kind: 'publisher',
      url: 'rtsp://relay:8554/in',
      name: 'clip',
      ended: new Promise(() => {}),
      stop: async () => {
        stopped = true;
      },
      progress: () => '3 s of 60 s',
    };
    const { made } = world(clock, { media: { publish: async () => activity, record: async () => activity } });
    const steps = [step(publishStep, { fixture: 'clip', to: 'rtsp://x' }), step(waitStep, 90_000)];
    const outcome = await clock.run(runCase(kase(steps), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive', error: { code: 'CASE_TIMEOUT' }, elapsedMs: 60_000 });
    expect(stopped).toBe(true);
  });

  it('has failed when its time runs out while a step with a promise broken already still looks', async () => {
    const clock = fakeClock();
    const endless = check(() => ({}));
    const observe = () => new Promise<never>(() => {});
    const checks = [
      check(() => ({ verdict: 'failed', seen: 'saw 4' }), 21),
      { ...endless, kind: { ...endless.kind, observe } as AnyCheckKind },
    ];
    const outcome = await clock.run(runCase(kase([step(expectStep, checks)]), world(clock).made, never));
    expect(outcome).toMatchObject({ verdict: 'failed', error: { position: at(21) }, elapsedMs: 60_000 });
  });

  it('ends at once, inconclusive, when a publisher breaks off, and says what else was lost', async () => {
    const clock = fakeClock();
    let breakOff: (error: Error) => void = () => {};
    const ended = new Promise<void>((_, reject) => {
      breakOff = reject;
    });
    const activity: Activity = {
      kind: 'publisher',
      url: 'rtsp://relay:8554/in',
      name: 'clip',
      ended,
      stop: async () => {},
      progress: () => '',
    };
    const { made } = world(clock, {
      media: { publish: async () => activity, record: async () => activity },
      lossesSince: () => ['relay was killed by SIGKILL'],
    });
    clock.delay(2_000).then(() => breakOff(new TestcardError('PUBLISH_FAILED', 'connection lost')));
    const steps = [step(publishStep, { fixture: 'clip', to: 'rtsp://x' }), step(waitStep, 50_000)];
    const outcome = await clock.run(runCase(kase(steps), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive', error: { code: 'PUBLISH_FAILED' }, elapsedMs: 2_000 });
    expect(outcome.error?.hint).toContain('relay was killed by SIGKILL');
  });

  it('is inconclusive at once when something of the harness itself breaks', async () => {
    const clock = fakeClock();
    const { made } = world(clock, {
      ownLoss: () =>
        clock.delay(700).then(() => Promise.reject(new TestcardError('SERVICE_LOST', 'the proxy is gone'))),
    });
    const outcome = await clock.run(runCase(kase([step(waitStep, 50_000)]), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive', error: { code: 'SERVICE_LOST' }, elapsedMs: 700 });
  });

  it.each([
    ['service.kill', { service: 'relay' }, 'passed'],
    ['service.kill', { service: 'worker' }, 'inconclusive'],
    ['network.cut', { between: ['clip', 'relay'] }, 'passed'],
    ['network.cut', { between: ['relay', 'testcard'] }, 'passed'],
    ['network.cut', { between: ['output', 'relay'] }, 'inconclusive'],
    ['network.latency', { between: ['clip', 'relay'] }, 'inconclusive'],
    ['media.disconnect', { service: 'relay', stream: 'rtmp://relay:1935/in' }, 'passed'],
    ['media.disconnect', { service: 'relay', stream: 'rtsp://relay:8554/other' }, 'inconclusive'],
    ['media.freeze-video', { service: 'relay', stream: 'rtsp://relay:8554/in' }, 'inconclusive'],
  ])('when a publisher breaks off after %s of %j, the case is %s', async (key, input, verdict) => {
    const clock = fakeClock();
    const activity: Activity = {
      kind: 'publisher',
      url: 'rtsp://relay:8554/in',
      name: 'clip',
      ended: clock.delay(2_000).then(() => Promise.reject(new TestcardError('PUBLISH_FAILED', 'connection lost'))),
      stop: async () => {},
      progress: () => '',
    };
    const fault = { id: '1', key, input, title: 'a fault', injectedAtMs: 0, revert: async () => {} };
    const { made } = world(clock, {
      media: { publish: async () => activity, record: async () => activity },
      faults: { inject: async () => fault, lastReverted: () => undefined, active: () => [], since: () => [fault] },
    });
    const steps = [step(publishStep, { fixture: 'clip', to: 'rtsp://relay:8554/in' }), step(waitStep, 5_000)];
    expect(await clock.run(runCase(kase(steps), made, never))).toMatchObject({ verdict });
  });

  it('narrows a check to a phase, which ends with the next one', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const windows: (number | undefined)[][] = [];
    const looking = (during: string): CheckNode => {
      const node = check((window) => {
        windows.push([window.fromMs, window.toMs]);
        return {};
      });
      return { ...node, during };
    };
    const t0 = clock.nowMs();
    const steps = [
      step(phaseStep, 'calm'),
      step(waitStep, 1_000),
      step(phaseStep, 'storm'),
      step(waitStep, 500),
      step(expectStep, [looking('calm'), looking('storm')]),
    ];
    expect(await clock.run(runCase(kase(steps), made, never))).toMatchObject({ verdict: 'passed' });
    expect(windows).toEqual([
      [t0, t0 + 1_000],
      [t0 + 1_000, undefined],
    ]);
    const early = [step(expectStep, [looking('storm')]), step(phaseStep, 'storm')];
    const outcome = await clock.run(runCase(kase(early), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive' });
    expect(outcome.error?.message).toContain('phase storm has not begun yet');
  });

  it.each([
    [3_000, 'passed'],
    [1_000, 'failed'],
  ])('times recovery from the end of the fault: promised within %i ms, %s', async (promised, verdict) => {
    const clock = fakeClock();
    const overAtMs = clock.nowMs() + 1_000;
    const { made, events } = world(clock, {
      faults: {
        inject: () => Promise.reject(new Error('unused')),
        active: () => (clock.nowMs() < overAtMs ? [{} as never] : []),
        since: () => [],
        lastReverted: () => (clock.nowMs() < overAtMs ? undefined : { atMs: overAtMs, title: 'cut a → b' }),
      },
    });
    const healed = check(() => ({ verdict: clock.nowMs() >= overAtMs + 2_000 ? 'passed' : 'failed' }));
    const steps = [step(eventuallyStep, { within: 10_000, check: healed, 'recovers-within': promised })];
    expect(await clock.run(runCase(kase(steps), made, never))).toMatchObject({ verdict });
    const recovery = events.find((event) => event.type === 'recovery');
    expect(recovery).toMatchObject({ after: 'cut a → b', promisedMs: promised });
    expect(Math.abs((recovery?.recoveryMs ?? 0) - 2_000)).toBeLessThan(300);
  });

  it('does not miss what happened between a fault and the step that waits for it, nor takes it for news later', async () => {
    const clock = fakeClock();
    const fault = { id: '1', key: 'x.y', input: {}, title: 'a fault', injectedAtMs: 0, revert: async () => {} };
    const { made } = world(clock, {
      faults: { inject: async () => fault, lastReverted: () => undefined, active: () => [], since: () => [] },
    });
    const since: (number | undefined)[] = [];
    const looking = () =>
      step(eventuallyStep, {
        within: 1_000,
        check: check((window) => {
          since.push(window.anySinceMs);
          return {};
        }),
      });
    const breaking: StepNode = {
      ...step(waitStep, 0),
      kind: { ...waitStep, run: (_input, context) => holdFault(context, 'x.y', {}).then(() => clock.delay(300)) },
    };
    const t0 = clock.nowMs();
    await clock.run(runCase(kase([breaking, looking(), looking()]), made, never));
    expect(since).toEqual([t0, t0 + 300]);
  });

  it('is inconclusive when recovery is to be timed and no fault is over', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    const steps = [step(eventuallyStep, { within: 10_000, check: check(() => ({})), 'recovers-within': 1_000 })];
    const outcome = await clock.run(runCase(kase(steps), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive' });
    expect(outcome.error?.message).toContain('no fault is over yet');
  });

  it('fails when a recorded stream does not end in time, and is inconclusive for a publisher that does not', async () => {
    const clock = fakeClock();
    for (const [kind, verdict] of [
      ['recording', 'failed'],
      ['publisher', 'inconclusive'],
    ] as const) {
      const activity: Activity = {
        kind,
        url: 'rtsp://relay:8554/in',
        name: 'clip',
        ended: new Promise(() => {}),
        stop: async () => {},
        progress: () => '9 s',
      };
      const { made } = world(clock, { media: { publish: async () => activity, record: async () => activity } });
      const steps = [
        step(publishStep, { fixture: 'clip', to: 'rtsp://x' }),
        step(finishStep, { name: 'clip', within: 5_000 }),
      ];
      const outcome = await clock.run(runCase(kase(steps), made, never));
      expect(outcome.verdict).toBe(verdict);
      expect(outcome.error?.message).toContain('9 s');
    }
  });

  it('turns a case red whose clean-up fails, without hiding the first error', async () => {
    const clock = fakeClock();
    const activity: Activity = {
      kind: 'recording',
      url: 'rtsp://relay:8554/in',
      name: 'clip',
      ended: Promise.resolve(),
      stop: async () => {
        throw new Error('will not die');
      },
      progress: () => '',
    };
    const media = { publish: async () => activity, record: async () => activity };
    const start = step(publishStep, { fixture: 'clip', to: 'rtsp://x' });
    const green = await clock.run(runCase(kase([start]), world(clock, { media }).made, never));
    expect(green).toMatchObject({ verdict: 'inconclusive', error: { code: 'CLEANUP_FAILED' } });
    const broken = step(expectStep, [check(() => ({ verdict: 'failed', seen: 'saw 4' }))]);
    const red = await clock.run(runCase(kase([start, broken]), world(clock, { media }).made, never));
    expect(red).toMatchObject({ verdict: 'failed', error: { code: 'CHECK_FAILED' } });
  });

  it('ends the other branches of `parallel` when one does not hold', async () => {
    const clock = fakeClock();
    const { made, events } = world(clock);
    const branches = [
      step(waitStep, 50_000),
      step(expectStep, [check(() => ({ verdict: 'failed', seen: 'saw 4' }))], 12),
    ];
    const outcome = await clock.run(runCase(kase([step(parallelStep, branches)]), made, never));
    expect(outcome).toMatchObject({ verdict: 'failed', elapsedMs: 0 });
    expect(events.filter((event) => event.type === 'step-ended')).toHaveLength(3);
  });

  it('repeats its steps as often, or as long, as asked', async () => {
    const clock = fakeClock();
    const { made } = world(clock);
    let looks = 0;
    const counting = check(() => {
      looks += 1;
      return {};
    });
    await clock.run(
      runCase(kase([step(repeatStep, { times: 3, steps: [step(expectStep, [counting])] })]), made, never),
    );
    expect(looks).toBe(3);
    const round = [step(waitStep, 400), step(expectStep, [counting])];
    await clock.run(runCase(kase([step(repeatStep, { for: 1_000, steps: round })]), made, never));
    expect(looks).toBe(6);
  });

  it('ends as interrupted when the run is cancelled, and masks secrets on the timeline', async () => {
    const clock = fakeClock();
    const cancel = new AbortController();
    const { made, events } = world(clock);
    clock.delay(1_000).then(() => cancel.abort(new TestcardError('INTERRUPTED', 'interrupted with hunter2')));
    const outcome = await clock.run(runCase(kase([step(waitStep, 50_000)]), made, cancel.signal));
    expect(outcome).toMatchObject({ verdict: 'inconclusive', error: { kind: 'interrupted' }, elapsedMs: 1_000 });
    expect(JSON.stringify(events)).not.toContain('hunter2');
  });

  it('is inconclusive when services do not come back before the case', async () => {
    const clock = fakeClock();
    const { made } = world(clock, { prepare: () => new Promise(() => {}) });
    const outcome = await clock.run(runCase(kase([step(waitStep, 1)]), made, never));
    expect(outcome).toMatchObject({ verdict: 'inconclusive', error: { code: 'SERVICE_NOT_READY' } });
  });
});
