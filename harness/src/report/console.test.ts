import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TimelineEvent } from '../model/timeline.ts';
import { ASCII } from './chars.ts';
import { type ConsoleOptions, type ConsoleView, createConsoleView } from './console.ts';
import { usualOf } from './step-history.ts';
import { eventsOf } from './testing/events.ts';
import { createScreen, type Screen } from './testing/screen.ts';

const ZERO = 1_000_000;
let view: ConsoleView | undefined;
let screen: Screen;

beforeEach(() => {
  vi.useFakeTimers({ now: ZERO, toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  view?.close();
  vi.useRealTimers();
});

function open(size: { columns?: number; rows?: number } = {}, options: Partial<ConsoleOptions> = {}): ConsoleView {
  screen = createScreen(size);
  view = createConsoleView({ out: screen.out, color: false, live: true, ...options });
  view.begin(3);
  return view;
}

/** Sends what has come by the given second, in which the clock then stands. */
function upTo(seconds: number, ...streams: [suite: string, events: TimelineEvent[]][]): void {
  vi.setSystemTime(ZERO + seconds * 1_000);
  for (const [suite, events] of streams) for (const event of events) view?.event(suite, event);
  vi.advanceTimersByTime(250);
}

const updatesIn = (written: string) => written.split('\u001b[?2026h').length - 1;

const a = eventsOf('counts', ZERO);
const waiting = [
  a.began(0, 'counts what is asked of it'),
  a.step(0, '0', 'eventually, within 20s: frames', 20_000),
  ...[1, 2, 2, 5, 8].map((last, index) => a.waits(index, '0', 'metric frames: at least 10', last)),
];

describe('the live view', () => {
  it('shows of each suite the case, its step, what it waits for, the last value and its course, and the time of its budget', async () => {
    open({ columns: 100 });
    upTo(5, ['alpha', waiting], ['beta', [a.began(2, 'another'), a.step(3, '0', 'request http://x/')]]);
    expect(await screen.seen()).toEqual([
      '⠴ 5.2s of 1m00s alpha › counts what is asked of it',
      '    5.2s of 20s ▁▂▂▅█ 8 waiting for metric frames: at least 10',
      '⠴ 3.2s of 1m00s beta › another',
      '    2.2s request http://x/',
      '0 of 3 cases · 2 suites running · 5.2s',
    ]);
  });

  it('says of a case that did not pass where it does not count', async () => {
    open({}, { live: false, excused: ['alpha/counts'] });
    upTo(
      8,
      ['alpha', [a.began(0, 'wavers'), a.ended(8, 'failed')]],
      ['beta', [a.began(0, 'wavers'), a.ended(8, 'failed')]],
    );
    expect(await screen.seen()).toEqual(
      expect.arrayContaining(['FAILED alpha › wavers (8s, quarantined or not gating)', 'FAILED beta › wavers (8s)']),
    );
  });

  it('shows the faults in force, and takes them away when they are reverted', async () => {
    open();
    const cut = (seconds: number, state: 'asked' | 'injected' | 'proven' | 'reverted') =>
      a.fault(seconds, 'cut x ↔ y', state);
    upTo(2, ['alpha', [...waiting, cut(1, 'asked'), cut(1, 'injected')]]);
    expect(await screen.seen()).toContain('    ↯ cut x ↔ y, for 1.2s, not shown yet');
    upTo(3, ['alpha', [cut(2, 'proven')]]);
    expect(await screen.seen()).toContain('    ↯ cut x ↔ y, for 2.2s');
    upTo(4, ['alpha', [cut(4, 'reverted')]]);
    expect((await screen.seen()).join()).not.toContain('cut x');
  });

  it('names the services that an environment still waits for', async () => {
    open();
    const e = [a.starting(0), a.service(0, 'relay', 'starting'), a.service(0, 'worker', 'starting')];
    upTo(1, ['alpha', [...e, a.service(1, 'relay', 'ready')]]);
    expect((await screen.seen())[0]).toBe('⠴ 1.2s alpha starting the environment: worker');
  });

  it('lets finished cases scroll away above, and counts them', async () => {
    open({ rows: 6 });
    upTo(5, ['alpha', waiting]);
    upTo(6, ['alpha', [a.stepEnded(6, '0', 6_000), a.ended(6)]]);
    const b = eventsOf('second', ZERO);
    upTo(8, ['alpha', [b.began(6, 'second'), b.ended(8, 'failed'), b.began(8, 'third')]]);
    expect(await screen.seen()).toEqual([
      'PASSED alpha › counts what is asked of it (6s)',
      'FAILED alpha › second (8s)',
      '⠙ 0.2s of 1m00s alpha › third',
      '2 of 3 cases · 1 passed · 1 failed · 1 suite running · 8.2s',
    ]);
  });

  it('shows the innermost step of nested ones, and the outer one again when that has ended', async () => {
    open();
    upTo(2, ['alpha', [a.began(0), a.step(0, '0', 'repeat 3 times'), a.step(1, '0.0', 'inner')]]);
    expect((await screen.seen())[1]).toBe('    1.2s inner');
    upTo(3, ['alpha', [a.stepEnded(3, '0.0', 2_000)]]);
    expect((await screen.seen())[1]).toBe('    3.2s repeat 3 times');
  });

  it('leaves nothing of itself behind when it is closed', async () => {
    open();
    upTo(6, ['alpha', [...waiting, a.ended(6)]], ['beta', waiting]);
    view?.close();
    expect(await screen.all()).toEqual(['PASSED alpha › counts what is asked of it (6s)']);
  });

  it('cuts words, not values, where a terminal is narrow, and wraps nothing', async () => {
    open({ columns: 40 });
    upTo(5, ['alpha', waiting]);
    expect(await screen.seen()).toEqual([
      '⠴ 5.2s of 1m00s alpha › counts what is…',
      '    5.2s of 20s 8 waiting for metric f…',
      '0 of 3 cases · 1 suite running · 5.2s',
    ]);
  });

  it('fits text of wide characters by the cells that they take', async () => {
    open({ columns: 30 });
    upTo(1, ['alpha', [a.began(0, '字幕が時間どおりに出る字幕')]]);
    expect((await screen.seen())[0]).toBe('⠴ 1.2s of 1m00s alpha › 字幕…');
  });

  it('shows one line a suite where there is no room for more, and says how many it leaves out', async () => {
    open({ rows: 6, columns: 60 });
    upTo(5, ...[...'abcd'].map((name): [string, TimelineEvent[]] => [name, waiting]));
    const one = (name: string) => `⠴ ${name} 5.2s of 20s ▁▂▂▅█ 8 waiting for metric frames: at leas…`;
    expect(await screen.seen()).toEqual([...[...'abcd'].map(one), '0 of 3 cases · 4 suites running · 5.2s']);
    upTo(5, ...[...'efgh'].map((name): [string, TimelineEvent[]] => [name, waiting]));
    const seen = await screen.seen();
    expect(seen.slice(3)).toEqual(['  and 5 more suites', '0 of 3 cases · 8 suites running · 5.2s']);
    expect(seen).toHaveLength(5);
  });

  it('survives a terminal that becomes narrower, wider, lower and higher: no line twice, nothing lost above', async () => {
    open({ columns: 100, rows: 20 });
    view?.note('what was said before');
    upTo(5, ['alpha', waiting], ['beta', waiting]);
    for (const [columns, rows] of [
      [50, 20],
      [30, 20],
      [120, 20],
      [80, 7],
      [80, 30],
      [24, 30],
      [24, 9],
    ] as const) {
      await screen.resize(columns, rows);
      vi.advanceTimersByTime(125);
      const all = await screen.all();
      expect(all[0], `${columns}×${rows}`).toBe('what was said before');
      expect(
        all.filter((line) => line.includes('alpha')),
        `${columns}×${rows}`,
      ).toHaveLength(1);
      expect(
        all.filter((line) => line.startsWith('0 of 3')),
        `${columns}×${rows}`,
      ).toHaveLength(1);
    }
  });

  it('writes nothing when nothing changed, and only the lines that did, as one synchronized update', () => {
    open();
    upTo(15, ['alpha', waiting], ['beta', waiting]);
    const sameInstant = () => {
      vi.setSystemTime(ZERO + 15_260); // the same second, the same sign of work
      vi.advanceTimersByTime(125);
    };
    screen.written();
    sameInstant();
    expect(screen.written()).toBe('');
    view?.event('beta', a.waits(15.3, '0', 'metric frames: at least 10', 9));
    sameInstant();
    const update = screen.written();
    expect(update).not.toContain('alpha ›');
    expect(update).toContain('▁▂▂▅▇█ 9 waiting');
    expect(update.startsWith('\u001b[?2026h')).toBe(true);
    expect(update.endsWith('\u001b[?2026l')).toBe(true);
    expect(updatesIn(update)).toBe(1);
  });

  it('never erases everything from the top left corner, which tmux would keep a copy of', () => {
    open({ rows: 30 });
    const all = '\u001b[J';
    upTo(5, ['alpha', waiting]);
    screen.written();
    view?.note('a note');
    expect(screen.written()).not.toContain(all);
    view?.close();
    expect(screen.written()).not.toContain(all);
  });

  it('redraws at most eight times a second, whatever comes', () => {
    open();
    upTo(5, ['alpha', waiting]);
    screen.written();
    for (let index = 0; index < 1_000; index += 1) view?.event('alpha', a.waits(5, '0', 'frames', index));
    vi.advanceTimersByTime(1_000);
    expect(updatesIn(screen.written())).toBeLessThanOrEqual(8);
  });

  it('does not let what services and suites are called move the cursor', async () => {
    open();
    upTo(1, ['alpha', [a.began(0, 'evil \u001b[2J\u001b[1;1H title\nof two lines')]]);
    expect((await screen.seen())[0]).toBe('⠴ 1.2s of 1m00s alpha › evil  title of two lines');
  });

  it('is drawn in ASCII where the terminal knows nothing else, what others wrote included', async () => {
    open({}, { chars: ASCII });
    upTo(5, ['alpha', [...waiting, a.fault(4, 'cut x ↔ café “z”', 'injected')]]);
    const seen = await screen.seen();
    expect(seen).toEqual([
      '/ 5.2s of 1m00s alpha > counts what is asked of it',
      '    5.2s of 20s _..=# 8 waiting for metric frames: at least 10',
      '    ! cut x <-> cafe "z", for 1.2s, not shown yet',
      '0 of 3 cases - 1 suite running - 5.2s',
    ]);
    expect(seen.join('')).toMatch(/^[ -~]*$/);
  });

  it('has colours only when asked to', async () => {
    open({}, { color: true });
    upTo(5, ['alpha', waiting]);
    expect(new Set(await screen.colorsOf(1)).size).toBeGreaterThan(2);
    view?.close();
    open({}, { color: false });
    upTo(5, ['alpha', waiting]);
    expect(new Set(await screen.colorsOf(1)).size).toBe(1);
  });

  it('says that a step takes longer than usual while it does', async () => {
    open({ columns: 90 }, { history: { usual: () => usualOf([4_000, 4_100, 3_900, 4_000, 4_000]) } });
    upTo(5, ['alpha', waiting]);
    expect((await screen.seen())[1]).not.toContain('usually');
    upTo(8);
    expect((await screen.seen())[1]).toBe(
      '    8.2s of 20s (usually 4.0s) ▁▂▂▅█ 8 waiting for metric frames: at least 10',
    );
  });
});
