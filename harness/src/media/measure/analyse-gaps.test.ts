import { describe, expect, test } from 'vitest';
import { analyseGaps } from './analyse-gaps.ts';
import { framesFromTo, makeFrames, makeSound } from './test/make-trace.ts';

const without = (from: number, to: number) =>
  framesFromTo(0, 300).filter(({ number }) => number < from || number >= to);
const gapsOf = (frames: ReturnType<typeof framesFromTo>) => analyseGaps(makeFrames(frames), undefined, 30);

describe('freezes', () => {
  test('begin above the mean interval plus 150 ms', () => {
    // 33.3 + 150 = 183.3 ms: five missing frames make an interval of 200 ms, four one of 166.7 ms.
    expect(gapsOf(without(100, 105)).freezes).toEqual([{ atMs: 3300, durationMs: 200 }]);
    expect(gapsOf(without(100, 104)).freezes).toEqual([]);
  });

  test('are seen when frames keep coming but show the same number', () => {
    const frames = framesFromTo(0, 300).map((each) =>
      each.number > 100 && each.number < 220 ? { ...each, number: 100 } : each,
    );
    expect(gapsOf(frames).freezes).toEqual([{ atMs: 3333.333, durationMs: 4000 }]);
    expect(gapsOf(frames).video).toEqual([]);
  });

  test('last to the end when the picture never moves again', () => {
    const frames = framesFromTo(0, 300).map((each) => (each.number > 200 ? { ...each, number: 200 } : each));
    expect(gapsOf(frames).freezes).toEqual([{ atMs: 6666.667, durationMs: 3300 }]);
  });

  test('are not made of a slow frame rate', () => {
    const slow = framesFromTo(0, 300).filter(({ number }) => number % 10 === 0);
    expect(gapsOf(slow).freezes).toEqual([]);
  });
});

test('one missing frame is a video gap', () => {
  expect(gapsOf(without(150, 151)).video).toEqual([{ atMs: 4966.667, durationMs: 66.667 }]);
});

describe('sound', () => {
  const heard = (change: (sound: ReturnType<typeof makeSound>) => void) => {
    const sound = makeSound(10, []);
    change(sound);
    return analyseGaps(makeFrames(framesFromTo(0, 300)), sound).audio;
  };

  test('that is missing inside is a gap; padding of a few ms at the ends is not', () => {
    expect(
      heard(({ gaps }) => {
        gaps.push({ from: 0, to: 21 * 48 }, { from: 5000 * 48, to: 5012 * 48 }, { from: 9985 * 48, to: 480_000 });
      }),
    ).toEqual([{ atMs: 5000, durationMs: 12 }]);
  });

  test('that is silent once the picture is over has no gap there, and one that falls silent before has it until then', () => {
    const silentFrom = (fromMs: number) => {
      const sound = makeSound(10.3, []);
      sound.gaps.push({ from: fromMs * 48, to: sound.samples });
      return analyseGaps(makeFrames(framesFromTo(0, 300)), sound).audio;
    };
    expect(silentFrom(9_990)).toEqual([]);
    expect(silentFrom(9_700)).toEqual([{ atMs: 9700, durationMs: 300 }]);
  });

  test('for which there are no samples, only later labels, is a gap', () => {
    const gaps = heard((sound) => {
      const later = makeSound(10, []);
      sound.blockPtsMs = later.blockPtsMs;
      const view = sound.blockPtsMs.view();
      for (let i = 200; i < view.length; i += 1) view[i] = (view[i] ?? 0) + 21;
    });
    expect(gaps).toEqual([{ atMs: 4266.667, durationMs: 21 }]);
  });

  test('that ends well before the picture leaves a gap at the end', () => {
    const audio = analyseGaps(makeFrames(framesFromTo(0, 300)), makeSound(8, [])).audio;
    expect(audio).toEqual([{ atMs: 8000, durationMs: 1966.667 }]);
  });
});
