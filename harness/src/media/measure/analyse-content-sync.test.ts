import { expect, test } from 'vitest';
import { analyseContentSync } from './analyse-content-sync.ts';
import { framesFromTo, makeFrames, makeSound } from './test/make-trace.ts';

const context = { resolutionMs: 1, frameRate: 30 };
const beeps = (seconds: number[], offsetMs: number | ((second: number) => number)) =>
  seconds.map((second) => ({
    atMs: second * 1000 + 500 + (typeof offsetMs === 'number' ? offsetMs : offsetMs(second)),
    pitch: second % 8,
  }));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

function measure(frames: Parameters<typeof makeFrames>[0], sound: Parameters<typeof makeSound>[1], seconds = 20) {
  const result = analyseContentSync(makeFrames(frames), makeSound(seconds, sound), context);
  if ('unmatched' in result) throw new Error(result.unmatched);
  return result;
}

test('a late sound has a positive offset, an early one a negative', () => {
  expect(measure(framesFromTo(0, 600), beeps(upTo(20), 42)).offset).toMatchObject({ n: 20, min: 42, max: 42 });
  expect(measure(framesFromTo(0, 600), beeps(upTo(20), -17)).offset.median).toBe(-17);
});

test('up to four seconds, a beep is matched with its own flash and not with the nearest one', () => {
  const result = measure(framesFromTo(0, 600), beeps(upTo(16), 3400));
  expect(result.offset).toMatchObject({ min: 3400, max: 3400 });
  expect(result.unmatchedFlashes).toBe(0);
});

test('a flash whose first frame was lost is dated back to when it should have begun', () => {
  const frames = framesFromTo(0, 600).filter(({ number }) => number !== 15 + 30 * 7);
  expect(measure(frames, beeps(upTo(20), 10)).offset.max).toBe(10);
});

test('a flash without its beep is counted, and so is a beep without its flash', () => {
  const withoutFour = beeps(
    upTo(20).filter((second) => second !== 4),
    0,
  );
  expect(measure(framesFromTo(0, 600), withoutFour)).toMatchObject({ unmatchedFlashes: 1, unmatchedBeeps: 0 });
  const dark = framesFromTo(0, 600).map((each) =>
    each.number >= 300 && each.number < 330 ? { ...each, number: -1 } : each,
  );
  expect(measure(dark, beeps(upTo(20), 0))).toMatchObject({ unmatchedFlashes: 0, unmatchedBeeps: 1 });
});

test('what the ends of a recording cut off is not counted', () => {
  const late = framesFromTo(0, 600).filter(({ number }) => number >= 100);
  expect(measure(late, beeps(upTo(20), 0))).toMatchObject({ unmatchedFlashes: 0, unmatchedBeeps: 0 });
  const soundEndsEarly = analyseContentSync(
    makeFrames(framesFromTo(0, 600)),
    makeSound(10, beeps(upTo(10), 0)),
    context,
  );
  expect(soundEndsEarly).toMatchObject({ unmatchedFlashes: 0 });
});

test('a drift is found with its interval', () => {
  const { driftPpm } = measure(
    framesFromTo(0, 600),
    beeps(upTo(20), (second) => second * 0.1 + (second % 3) * 0.01),
  );
  expect(driftPpm.slope).toBeCloseTo(100, -1);
  expect(driftPpm.low).toBeLessThanOrEqual(driftPpm.slope);
  expect(driftPpm.high).toBeGreaterThanOrEqual(driftPpm.slope);
});

test('a beep that was already sounding when the sound came back is not taken for its onset', () => {
  const sound = makeSound(
    20,
    beeps(upTo(20), (second) => (second === 7 ? 50 : 0)),
  );
  sound.gaps.push({ from: 7200 * 48, to: 7550 * 48 });
  const result = analyseContentSync(makeFrames(framesFromTo(0, 600)), sound, context);
  expect(result).toMatchObject({ offset: { n: 19, max: 0 }, unmatchedFlashes: 1 });
});

test('nothing to match is said in words and is no measurement', () => {
  const result = analyseContentSync(makeFrames(framesFromTo(0, 300)), makeSound(10, []), context);
  expect(result).toEqual({ unmatched: 'no flash could be matched with a beep (10 flashes seen, 0 beeps heard)' });
});

test('the frame rate of the card is read off its numbers when it is not known', () => {
  const result = analyseContentSync(makeFrames(framesFromTo(0, 600)), makeSound(20, beeps(upTo(20), 5)), {
    resolutionMs: 1,
  });
  expect(result).toMatchObject({ offset: { n: 20, median: 5 } });
});
