import { describe, expect, it } from 'vitest';
import type { CheckPorts, LogLine, Window } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import type { LogObservation } from './judgement.ts';
import { logCheck } from './log.ts';

const FROM = 1_700_000_000_000;

type Written = Record<string, unknown> | string;

/** One line a second: an object is a JSON line, text is text. */
function seen(lines: Written[], over: Partial<LogObservation> = {}): LogObservation {
  const made = lines.map((line, index): LogLine => {
    const base = { atMs: FROM + index * 1_000, service: 'worker', stream: 'stdout' as const };
    return typeof line === 'string' ? { ...base, text: line } : { ...base, text: JSON.stringify(line), fields: line };
  });
  return {
    fromMs: FROM,
    lines: made,
    dropped: 0,
    everLogged: true,
    everStructured: made.some(({ fields }) => fields !== undefined) || made.length === 0,
    ...over,
  };
}

function judge(check: Record<string, unknown>, observation: LogObservation): Judgement {
  return logCheck.judge(observation, logCheck.schema.parse(check));
}

const of = 'worker';
const retry = (timestamp: unknown): Written => ({ msg: 'retrying', timestamp });
const retries = { log: { of, where: { msg: 'retrying' } } };
const timed = (are: string[], tolerance?: string) => ({
  ...retries,
  intervals: { of: 'timestamp', are, ...(tolerance === undefined ? {} : { tolerance }) },
});

/** Every demand, with lines that it must pass and lines that it must reject. */
const TABLE: [check: Record<string, unknown>, good: Written[], bad: Written[]][] = [
  [{ log: { of, where: { msg: '/started/' } } }, [{ msg: 'ingest started' }], [{ msg: 'ingest ended' }]],
  [
    { log: { of, where: { level: ['error', 'fatal'] } }, count: 0 },
    [{ level: 'info' }],
    [{ level: 'info' }, { level: 'fatal' }],
  ],
  [{ log: { of, where: { text: '/panic/' } }, count: 0 }, ['all is well'], ['panic: nil']],
  [{ log: { of, where: { text: '/panic/' } } }, [{ msg: 'a panic' }], [{ msg: 'calm' }]],
  [{ log: { of, where: { text: 'own' } } }, [{ text: 'own' }], [{ text: 'other', msg: 'own' }]],
  [{ log: { of, where: { n: 1 } }, count: 2 }, [{ n: 1 }, { n: 1 }], [{ n: 1 }, { n: '1' }]],
  [{ log: { of, where: { n: 1 } }, count: { 'at-least': 2 } }, [{ n: 1 }, { n: 1 }, { n: 1 }], [{ n: 1 }]],
  [{ log: { of, where: { n: 1 } }, count: { 'at-most': 1 } }, [{ n: 1 }, { n: 2 }], [{ n: 1 }, { n: 1 }]],
  [{ log: { of }, count: { below: 3 } }, ['a', 'b'], ['a', 'b', 'c']],
  [{ log: { of, where: { 'fragment.id': 'f1' } } }, [{ fragment: { id: 'f1' } }], [{ fragment: { id: 'f2' } }]],
  [{ log: { of, where: { 'fragment.id': 'f1' } } }, [{ 'fragment.id': 'f1' }], [{ 'fragment.id': 'f2' }]],
  [{ log: { of, where: { attempt: { 'at-least': 3 } } } }, [{ attempt: 3 }], [{ attempt: 2 }]],
  [
    { log: { of }, sequence: [{ s: 'open', n: 5 }, { s: 'half' }, { s: 'closed' }] },
    [{ s: 'open', n: 5 }, { s: 'x' }, { s: 'half' }, { s: 'closed' }],
    [{ s: 'half' }, { s: 'open', n: 5 }, { s: 'closed' }],
  ],
  [{ log: { of }, sequence: [{ n: 1 }, { n: 1 }] }, [{ n: 1 }, { n: 1 }], [{ n: 1 }, { n: 2 }]],
  [timed(['4s', '8s'], '20%'), [retry(100), retry(104.5), retry(111)], [retry(100), retry(104.5), retry(114.2)]],
  [timed(['4s', '8s'], '200ms'), [retry(100), retry(104.1), retry(112)], [retry(100), retry(104.3), retry(112)]],
  [timed(['4s']), [retry(100), retry(104.4)], [retry(100), retry(104.5)]],
  [
    { ...retries, intervals: { of: 'timestamp', are: ['4s', { between: ['1s', '3s'] }, { 'at-least': '5s' }] } },
    [retry(0), retry(4.3), retry(7.2), retry(99)],
    [retry(0), retry(4.3), retry(7.4), retry(99)],
  ],
  [
    { ...retries, intervals: { of: 'timestamp', are: [{ equals: '4s', tolerance: '1s' }], tolerance: '10ms' } },
    [retry(0), retry(4.9)],
    [retry(0), retry(5.1)],
  ],
  [timed(['1s']), [retry(FROM), retry(FROM + 1_000)], [retry(FROM), retry(FROM + 2_000)]],
  [
    timed(['1s']),
    [retry('2026-01-01T00:00:00Z'), retry('2026-01-01T00:00:01Z')],
    [retry('2026-01-01T00:00:00Z'), retry('2026-01-01T00:00:03Z')],
  ],
  [timed(['4s']), [retry('100'), retry('104')], [retry('100'), retry('108')]],
  [timed(['4s', '8s']), [retry(0), retry(4), retry(12)], [retry(0), retry(4)]],
  [timed(['4s']), [retry(0), retry(4)], [retry(0), retry(4), retry(12)]],
  [{ ...retries, intervals: { are: ['1s'] } }, [retry(0), retry(9)], [retry(0), 'between', retry(1)]],
];

describe('log check', () => {
  it.each(TABLE)('%j passes what it should and fails what it should', (check, good, bad) => {
    expect(judge(check, seen(good))).toMatchObject({ verdict: 'passed' });
    expect(judge(check, seen(bad))).toMatchObject({ verdict: 'failed' });
  });

  it.each(TABLE)('%j is never passed, nor failed for what is missing, by a log with lines dropped', (check, good) => {
    const visible = judge(check, seen(good, { dropped: 3 })).verdict;
    const text = JSON.stringify(check);
    // What was seen cannot be unseen: enough lines, or the whole sequence.
    const isShown = text.includes('at-least":2') || !/count|intervals/.test(text);
    expect(visible).toBe(isShown ? 'passed' : 'inconclusive');
    if (!text.includes('count')) expect(judge(check, seen([], { dropped: 3 })).verdict).toBe('inconclusive');
  });

  it('does not take a log that is not captured for one without errors', () => {
    const check = { log: { of, where: { level: 'error' } }, count: 0 };
    expect(judge(check, seen([], { everLogged: false })).verdict).toBe('inconclusive');
    expect(judge(check, seen([])).verdict, 'it has logged before, and nothing since').toBe('passed');
    expect(judge({ log: { of } }, seen([], { everLogged: false })).verdict).toBe('inconclusive');
  });

  it('does not look for fields in a log that has none', () => {
    const check = { log: { of, where: { level: 'error' } }, count: 0 };
    expect(judge(check, seen(['ERROR: all is lost']))).toMatchObject({
      verdict: 'inconclusive',
      seen: 'no line of worker has fields: it does not log JSON, or is not said to',
    });
    expect(judge({ log: { of, where: { text: '/ERROR/' } }, count: 0 }, seen(['ERROR: all is lost'])).verdict).toBe(
      'failed',
    );
  });

  it('fails at the line that was one too many, and gives up waiting', () => {
    const check = { log: { of, where: { level: 'error' } }, count: 0 };
    expect(judge(check, seen([{ level: 'info' }, { level: 'error', msg: 'lost' }]))).toMatchObject({
      expected: 'log of worker with level "error": no line',
      seen: 'saw 1 line of 2, it came at +1.0 s: {"level":"error","msg":"lost"}',
      atMs: FROM + 1_000,
      hopeless: 'lines that were logged stay logged',
      last: 1,
    });
    const one = { ...check, count: 1 };
    expect(judge(one, seen([{ level: 'error' }, { level: 'error' }])).seen).toContain(
      'saw 2 lines of 2, one too many at +1.0 s',
    );
    expect(judge(one, seen([{ level: 'info' }])).hopeless).toBeUndefined();
  });

  it('says what came nearest when no line fits', () => {
    const check = { log: { of, where: { msg: '/retrying/', success: true } } };
    expect(judge(check, seen([{ msg: 'retrying', success: false }, { msg: 'x' }])).seen).toBe(
      'saw 0 lines of 2; the nearest, at +0.0 s, has success false instead of true',
    );
    expect(judge({ log: { of, where: { lvel: 'x' } } }, seen([{ level: 'x' }])).seen).toBe(
      'saw 0 lines of 1 (no line has a field `lvel`; did you mean `level`?); the last, at +0.0 s: {"level":"x"}',
    );
    expect(judge({ log: { of, where: { lvel: 'x' } }, count: 0 }, seen([{ level: 'x' }])).seen).toContain(
      'did you mean',
    );
  });

  it('says how far a sequence came, and whether the next part came too early', () => {
    const check = { log: { of }, sequence: [{ s: 'a' }, { s: 'b' }, { s: 'c' }] };
    expect(judge(check, seen([{ s: 'a' }, { s: 'b' }]))).toMatchObject({
      expected: 'log of worker: s "a", then s "b", then s "c", in this order',
      seen: 'saw the first 2 of 3 at +0.0 s, +1.0 s; number 3 did not come',
    });
    expect(judge(check, seen([{ s: 'c' }, { s: 'a' }, { s: 'b' }])).seen).toContain(
      'number 3 came too early, at +0.0 s',
    );
  });

  it('says which interval is off, by how much, and gives up', () => {
    const judged = judge(timed(['4s', '8s'], '10%'), seen([retry(0), retry(4), retry(14)]));
    expect(judged).toMatchObject({
      expected: 'log of worker with msg "retrying": 4s, 8s apart (± 10%)',
      seen: 'saw 4s, 10s: interval 2 is 2s too long, 1.2s beyond its tolerance, at +2.0 s',
      hopeless: 'an interval that has passed stays as it is',
    });
    expect(judge(timed(['4s', '8s']), seen([retry(0), retry(4)])).hopeless).toBeUndefined();
    expect(judge(timed(['4s']), seen([retry(0), retry(4), retry(8)])).hopeless).toBeDefined();
  });

  it('is inconclusive about intervals of a field that holds no time', () => {
    expect(judge(timed(['4s']), seen([retry(0), retry('soon')]))).toMatchObject({
      verdict: 'inconclusive',
      seen: expect.stringContaining('the line at +1.0 s has no time in `timestamp` ("soon")'),
    });
  });

  it('judges several demands together: a broken one decides, an unknown one is not lost', () => {
    const check = { ...timed(['4s']), count: { 'at-most': 2 } };
    expect(judge(check, seen([retry(0), retry(4)])).verdict).toBe('passed');
    expect(judge(check, seen([retry(0), retry('soon')])).verdict).toBe('inconclusive');
    expect(judge(check, seen([retry(0), retry('soon'), retry(3)])).verdict).toBe('failed');
  });

  it.each([
    [{ log: { where: { a: 1 } } }, /string/],
    [{ log: { of, where: {} } }, /at least one field/],
    [{ log: { of, where: { a: '/(/' } } }, /regular expression/],
    [{ log: { of }, count: -1 }, /./],
    [{ log: { of }, count: 1.5 }, /./],
    [{ log: { of }, sequence: [] }, /./],
    [{ log: { of }, intervals: { are: [4] } }, /a duration with its unit/],
    [{ log: { of }, counts: 1 }, /counts/],
    [{ log: { of, were: {} } }, /were/],
  ])('refuses %j', (check, message) => {
    const issues = JSON.stringify(logCheck.schema.safeParse(check).error?.issues ?? []);
    expect(issues).toMatch(message);
    expect(issues).not.toBe('[]');
  });

  it('observes the window, and looks further back only to tell a quiet log from one that is not captured', async () => {
    const asked: Window[] = [];
    const early: LogLine = { atMs: 1, service: 'worker', stream: 'stdout', text: '{}', fields: {} };
    const ports = {
      logs: {
        lines: (_: string, window: Window) => {
          asked.push(window);
          return window.fromMs === 0 ? [early] : [];
        },
        dropped: () => 2,
      },
    } as unknown as CheckPorts; // only these are looked at
    const signal = new AbortController().signal;
    const input = logCheck.schema.parse({ log: { of } });
    const compares = { between: { from: { where: { a: 1 } }, to: { of: 'gate', where: { a: 1 } } } };
    const both = logCheck.schema.parse({ log: { of }, ...compares });
    expect(await logCheck.observe(both, ports, { fromMs: 0 }, signal)).toMatchObject({
      others: { gate: [early] },
      dropped: 4,
    });
    expect(logCheck.uses?.(both)).toEqual([
      { kind: 'service', name: of, path: ['log', 'of'] },
      { kind: 'service', name: 'gate', path: ['between', 'to', 'of'] },
    ]);
    const source = (service: string) => ({ of: service, where: { a: 1 } });
    const many = {
      'under-way': { from: source('a'), to: source('b'), same: 'id', peak: 1 },
      'followed-by': { same: 'id', lines: [source('c'), source('d'), source(of)] },
      between: { from: source('e'), to: source('a') },
    };
    const all = logCheck.schema.parse({ log: { of }, ...many });
    const observation = await logCheck.observe(all, ports, { fromMs: 0 }, signal);
    expect(Object.keys(observation.others ?? {}).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    const named = logCheck.uses?.(all).map(({ name, path }) => `${name}: ${path.join('.')}`);
    expect(named?.sort()).toEqual([
      'a: between.to.of',
      'a: under-way.from.of',
      'b: under-way.to.of',
      'c: followed-by.lines.0.of',
      'd: followed-by.lines.1.of',
      'e: between.from.of',
      `${of}: followed-by.lines.2.of`,
      `${of}: log.of`,
    ]);
    asked.length = 0;
    expect(await logCheck.observe(input, ports, { fromMs: 5 }, signal)).toEqual({
      fromMs: 5,
      lines: [],
      dropped: 2,
      everLogged: true,
      everStructured: true,
    });
    expect(asked).toEqual([{ fromMs: 5 }, { fromMs: 0 }]);
  });
});
