import { describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../model/timeline.ts';
import { type ConsoleOptions, createConsoleView } from './console.ts';
import { usualOf } from './step-history.ts';
import { eventsOf } from './testing/events.ts';

const a = eventsOf('counts', 0);

function linesOf(events: TimelineEvent[], options: Partial<ConsoleOptions> = {}): string[] {
  let text = '';
  const out = { write: (more: string) => (text += more) };
  const view = createConsoleView({ out, color: false, live: false, ...options });
  view.begin(1);
  for (const event of events) view.event('alpha', event);
  view.close();
  return text.split('\n').slice(0, -1);
}

const CASE = [
  a.ready(0),
  a.began(0, 'counts what is asked of it'),
  a.step(0, '0', 'repeat 2 times'),
  a.step(0, '0.0', 'request http://x/'),
  a.stepEnded(0.1, '0.0', 100),
  a.stepEnded(1, '0', 1_000),
  a.fault(1, 'cut x ↔ y', 'asked'),
  a.fault(1.1, 'cut x ↔ y', 'injected'),
  a.fault(1.2, 'cut x ↔ y', 'proven'),
  a.log(1.3, '{"level":"error","msg":"queue is full"}'),
  a.log(1.4, '{"level":"info","msg":"all is well"}'),
  a.service(1.5, 'worker', 'exited'),
  a.step(2, '1', 'eventually, within 1m: frames', 60_000),
  a.waits(3, '1', 'metric frames: at least 10', 1),
  a.waits(13, '1', 'metric frames: at least 10', 5),
  a.waits(14, '1', 'metric frames: at least 10', 6),
  a.waits(24, '1', 'metric frames: at least 10', 9),
  a.check(25, 'metric frames: at least 10', 'saw 10'),
  a.stepEnded(25, '1', 23_000),
  a.ended(25),
];

describe('lines without a live view', () => {
  it('tell of cases and their outer steps, and every ten seconds what a step waits for', () => {
    expect(linesOf(CASE)).toEqual([
      'alpha  environment ready in 978ms',
      'alpha  counts what is asked of it',
      'alpha    ✓ repeat 2 times (1s)',
      'alpha    … waiting for metric frames: at least 10 · last 5 · 11s of 1m',
      'alpha    … waiting for metric frames: at least 10 · last 9 · 22s of 1m',
      'alpha    ✓ eventually, within 1m: frames (23s)',
      'PASSED alpha › counts what is asked of it (25s)',
    ]);
  });

  it('verbose, tell of inner steps, checks, faults, services and errors in logs as well', () => {
    expect(linesOf(CASE, { verbosity: 'verbose' })).toEqual([
      'alpha  environment ready in 978ms',
      'alpha  counts what is asked of it',
      'alpha      ✓ request http://x/ (100ms)',
      'alpha    ✓ repeat 2 times (1s)',
      'alpha      cut x ↔ y asked for',
      'alpha      cut x ↔ y proven',
      'alpha      counter logs an error: queue is full',
      'alpha      worker exited',
      'alpha    … waiting for metric frames: at least 10 · last 5 · 11s of 1m',
      'alpha    … waiting for metric frames: at least 10 · last 9 · 22s of 1m',
      'alpha      ✓ metric frames: at least 10 — saw 10',
      'alpha    ✓ eventually, within 1m: frames (23s)',
      'PASSED alpha › counts what is asked of it (25s)',
    ]);
  });

  it('verbose, do not let a service that logs one error after another drown everything else', () => {
    const chatter = Array.from({ length: 20 }, () => a.log(1, 'all is well'));
    const flood = Array.from({ length: 100 }, (_, index) => a.log(1 + index / 1_000, `ERROR ${index}`));
    expect(linesOf([a.began(0), ...chatter, ...flood, a.log(2, 'ERROR later')], { verbosity: 'verbose' })).toHaveLength(
      1 + 5 + 1,
    );
  });

  it('keep to one line whatever a case is called', () => {
    const named = eventsOf('odd', 0);
    const lines = linesOf([named.began(0, 'two\nlines \u001b[2J'), named.ended(1)]);
    expect(lines).toEqual(['alpha  two lines ', 'PASSED alpha › two lines  (1s)']);
  });

  it('quiet, tell only of cases that did not pass', () => {
    expect(linesOf(CASE, { verbosity: 'quiet' })).toEqual([]);
    expect(linesOf([...CASE.slice(0, -1), a.ended(25, 'failed')], { verbosity: 'quiet' })).toEqual([
      'FAILED alpha › counts what is asked of it (25s)',
    ]);
  });

  it('say when a step was much slower than in earlier runs, and by how much; quiet, they do not', () => {
    const history = { usual: () => usualOf([4_000, 4_100, 3_900, 4_000, 4_000, 4_000, 4_000, 4_000]) };
    const slow = '▲ slow: alpha: eventually, within 1m: frames took 23.0 s, in 8 earlier runs 4.0 s';
    expect(linesOf(CASE, { history }).filter((line) => line.includes('slow'))).toEqual([slow]);
    expect(linesOf(CASE, { history, verbosity: 'quiet' })).toEqual([]);
  });
});
