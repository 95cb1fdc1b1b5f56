import { describe, expect, test } from 'vitest';
import { analyseFrames, type Published } from './analyse-frames.ts';
import { framesFromTo, IDENTITY, type MadeFrame, makeFrames } from './test/make-trace.ts';

const PUBLISHED: Published = {
  path: '',
  frames: 300,
  frameRate: 30,
  durationMs: 10_000,
  width: 640,
  height: 360,
  identity: IDENTITY,
};
const clean = { unreadable: 0, stale: 0, lost: 0, duplicated: 0, backward: 0 };
const judge = (frames: MadeFrame[], published?: Published) => analyseFrames(makeFrames(frames), published);
const renumbered = (numbers: number[]) => numbers.map((number, i) => ({ number, ptsMs: (i * 1000) / 30 }));

describe('with the publication known', () => {
  test('a whole recording is clean', () => {
    const measure = judge(framesFromTo(0, 300), PUBLISHED);
    expect(measure).toMatchObject({ ...clean, total: 300, first: 0, last: 299, missingAtStart: 0, missingAtEnd: 0 });
    expect(measure.defects).toEqual([]);
  });

  test('what a late reader missed is told apart from what was lost on the way', () => {
    const frames = framesFromTo(12, 290).filter(({ number }) => number !== 100 && number !== 101);
    expect(judge(frames, PUBLISHED)).toMatchObject({ ...clean, lost: 2, missingAtStart: 12, missingAtEnd: 10 });
  });

  test('frames of another run are stale and count as lost, not as seen', () => {
    const frames = framesFromTo(0, 300).map((frame) =>
      frame.number >= 100 && frame.number < 160 ? { ...frame, identity: 0x123456 } : frame,
    );
    const measure = judge(frames, PUBLISHED);
    // One frame in 64 of another run carries the same six bits by chance.
    expect(measure.stale).toBe(60);
    expect(measure.lost).toBe(60);
    expect(measure.defects[0]).toMatchObject({ kind: 'stale', number: 100, count: 60 });
  });

  test('a number that was never published is unreadable', () => {
    const frames = framesFromTo(0, 300);
    frames[50] = { number: 9_000_000, ptsMs: 50 * 33 };
    expect(judge(frames, PUBLISHED)).toMatchObject({ unreadable: 1, lost: 1 });
  });
});

test('what was not published is not missing', () => {
  const published = { ...PUBLISHED, firstFrame: 90, lastFrame: 200 };
  expect(judge(framesFromTo(96, 198), published)).toMatchObject({ missingAtStart: 6, missingAtEnd: 3 });
});

test('two swapped frames are one step back, and neither lost nor duplicated', () => {
  const measure = judge(renumbered([0, 1, 3, 2, 4, 5]));
  expect(measure).toMatchObject({ ...clean, backward: 1 });
  expect(measure.defects.map(({ kind }) => kind)).toEqual(['backward']);
});

test('a repeated stretch is duplicated once for each frame and backward once', () => {
  expect(judge(renumbered([0, 1, 2, 3, 1, 2, 3, 4]))).toMatchObject({ ...clean, duplicated: 3, backward: 1 });
});

test('every second frame missing is half of them lost', () => {
  expect(judge(framesFromTo(0, 300).filter(({ number }) => number % 2 === 0))).toMatchObject({ lost: 149 });
});

test('unreadable frames are counted, and a long run of them is one defect', () => {
  const frames = framesFromTo(0, 90).map((frame) =>
    frame.number >= 30 && frame.number < 40 ? { ...frame, number: -1 } : frame,
  );
  const measure = judge(frames);
  expect(measure).toMatchObject({ unreadable: 10, lost: 10 });
  expect(measure.defects[0]).toMatchObject({ kind: 'unreadable', count: 10, atMs: 1000 });
});

test('without a card there is no first frame', () => {
  const measure = judge(renumbered([-1, -1, -1]));
  expect(measure).toMatchObject({ total: 3, unreadable: 3 });
  expect(measure.first).toBeUndefined();
});

test('the identity is learned from the majority when the publication is not known', () => {
  const frames = framesFromTo(0, 300).map((frame) => (frame.number < 8 ? { ...frame, identity: 0 } : frame));
  expect(judge(frames)).toMatchObject({ stale: 8, first: 8 });
  expect(judge(frames)).not.toHaveProperty('missingAtStart');
});
