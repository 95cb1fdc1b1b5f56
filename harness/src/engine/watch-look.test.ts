import { describe, expect, it } from 'vitest';
import { fakeClock } from '../base/clock.fake.ts';
import { TestcardError } from '../model/errors.ts';
import type { AnyCheckKind } from '../model/kinds.ts';
import type { CaseContext, CheckPorts } from '../model/ports.ts';
import type { CheckNode } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { judgeCheck } from './judge-check.ts';

const never = new AbortController().signal;

function check(look: (ports: CheckPorts) => Promise<unknown>): CheckNode {
  const kind = {
    key: 'probe',
    observe: (_input: unknown, ports: CheckPorts) => look(ports),
    judge: (seen: unknown) => ({ verdict: 'passed', expected: 'x', seen: String(seen) }),
  };
  return {
    // only what judging calls
    kind: kind as unknown as AnyCheckKind,
    input: null,
    title: 'probe',
    position: { file: '/x.suite.yaml', line: 1, col: 1 },
  };
}

function context(over: object): { context: CaseContext; events: TimelineEvent[] } {
  const events: TimelineEvent[] = [];
  const made = {
    clock: fakeClock(1_000),
    caseId: 'c',
    step: '2.1',
    startedAtMs: 500,
    windowOf: () => ({ fromMs: 500 }),
    mask: (text: string) => text.replaceAll('hunter2', '***'),
    emitEvent: (event: TimelineEvent) => events.push(event),
    timelineLength: () => events.length,
    ...over,
  };
  // only the ports that a test looks through
  return { context: made as unknown as CaseContext, events };
}

describe('a look', () => {
  it('is on the timeline with what was asked, masked, and with the place up to which things were seen', async () => {
    let length = 40;
    const { context: made, events } = context({
      timelineLength: () => length,
      logs: {
        lines: () => [],
        dropped: () => 0,
      },
      http: { request: async () => ({ status: 200, headers: {}, body: 'token hunter2', elapsedMs: 3 }) },
    });
    const node = check(async (ports) => {
      await ports.http.request({ method: 'GET', url: 'http://a:1/', timeoutMs: 1 }, never);
      ports.logs.lines('worker', { fromMs: 0 });
      length = 41; // something else is observed before it is judged
      return 'ok';
    });
    await judgeCheck(made, node, never, { how: 'expect', check: 3 });
    expect(events).toEqual([
      {
        type: 'look',
        atMs: 1_000,
        case: 'c',
        step: '2.1',
        how: 'expect',
        check: 3,
        window: { fromMs: 500 },
        seen: 40,
        verdict: 'passed',
        answers: [
          { port: 'http', url: 'http://a:1/', status: 200, headers: {}, elapsedMs: 3, body: { text: 'token ***' } },
        ],
      },
    ]);
  });

  it('that could not be made is inconclusive, with what was in the way', async () => {
    const { context: made, events } = context({
      metrics: {
        scrape: async () => {
          throw new TestcardError('METRICS_UNREADABLE', 'connection refused, hunter2');
        },
      },
    });
    const node = check((ports) => ports.metrics.scrape('worker', never));
    const judgement = await judgeCheck(made, node, never, { how: 'throughout', isFinal: true });
    expect(judgement).toMatchObject({ verdict: 'inconclusive', seen: 'connection refused, hunter2' });
    expect(events[0]).toMatchObject({
      step: '',
      isFinal: true,
      verdict: 'inconclusive',
      answers: [{ port: 'scrape', service: 'worker', error: { message: 'connection refused, ***' } }],
    });
  });

  it('that was cut off is none', async () => {
    const stop = new AbortController();
    const { context: made, events } = context({});
    const node = check(async () => {
      stop.abort(new Error('over'));
      throw new Error('over');
    });
    await expect(judgeCheck(made, node, stop.signal, { how: 'always' })).rejects.toThrow('over');
    expect(events).toEqual([]);
  });
});
