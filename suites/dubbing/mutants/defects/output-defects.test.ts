import { describe, expect, test } from 'vitest';
import type { FlvTag, OutputTap } from '../mutant.ts';
import { createFlvReader, encodeFlvTag, FLV_HEADER } from '../wrappers/flv-tags.ts';
import {
  driftSound,
  dropPictures,
  dropSound,
  endEarly,
  freezePicture,
  holdBackSound,
  jump,
  oldPicturesFirst,
  shiftSound,
  startLate,
  swapSound,
} from './output-defects.ts';

/** Ten seconds: a picture each 100 ms, a keyframe each second, and a packet of sound each 50 ms. */
function stream(): FlvTag[] {
  const pictures = Array.from({ length: 100 }, (_, i) => ({
    type: 9,
    timestampMs: 10_000 + i * 100,
    data: Buffer.from([i % 10 === 0 ? 0x17 : 0x27, 1, 0, 0, 0, i]),
  }));
  const sound = Array.from({ length: 200 }, (_, i) => ({
    type: 8,
    timestampMs: 10_000 + i * 50,
    data: Buffer.from([0xaf, 1, i]),
  }));
  return [...pictures, ...sound].sort((a, b) => a.timestampMs - b.timestampMs);
}

const through = (tap: OutputTap): FlvTag[] => stream().flatMap((tag) => tap(tag, tag.timestampMs - 10_000));
const pictures = (tags: FlvTag[]) =>
  tags.filter(({ type }) => type === 9).map(({ timestampMs, data }) => [timestampMs - 10_000, data[5]]);
const sound = (tags: FlvTag[]) =>
  tags.filter(({ type }) => type === 8).map(({ timestampMs, data }) => [timestampMs - 10_000, data[2]]);
const at = (list: (number | undefined)[][], ms: number) => list.find(([time]) => time === ms)?.[1];

describe('sound', () => {
  test('is late or early by as much as was asked, and pictures are as they were', () => {
    expect(sound(through(shiftSound(80)))[0]).toEqual([80, 0]);
    expect(pictures(through(shiftSound(80)))).toEqual(pictures(stream()));
  });
  test('drifts in proportion to the time', () => {
    expect(sound(through(driftSound(1000))).at(-1)).toEqual([9960, 199]);
  });
  test('is held back between two instants, its timestamps as they were', () => {
    const held = sound(through(holdBackSound(2, 1000, 2000)));
    expect(held.map(([ms]) => ms)).toEqual(sound(stream()).map(([ms]) => ms));
    expect([at(held, 950), at(held, 1500), at(held, 2000)]).toEqual([19, 28, 40]);
  });
  test('of two stretches changes places', () => {
    const swapped = sound(through(swapSound(2000, 1000))).sort(([a = 0], [b = 0]) => a - b);
    expect(swapped).toHaveLength(200);
    expect([at(swapped, 1950), at(swapped, 2000), at(swapped, 2950), at(swapped, 3000), at(swapped, 4000)]).toEqual([
      39, 60, 79, 40, 80,
    ]);
  });
  test('is missing between two instants', () => {
    expect(sound(through(dropSound(1000, 1500)))).toHaveLength(190);
  });
});

describe('pictures', () => {
  test('stand still from one keyframe to another, and keep coming', () => {
    const frozen = pictures(through(freezePicture(2500, 1000)));
    expect(frozen).toHaveLength(100);
    expect([at(frozen, 2900), at(frozen, 3000), at(frozen, 3900), at(frozen, 4000)]).toEqual([29, 30, 30, 40]);
  });
  test('are missing in whole groups', () => {
    const left = pictures(through(dropPictures(2500, 3500)));
    expect(left).toHaveLength(90);
    expect([at(left, 2900), at(left, 3000), at(left, 4000)]).toEqual([29, undefined, 40]);
  });
  test('of the stream before come first in the next one only', () => {
    const tap = oldPicturesFirst();
    expect(pictures(through(tap()))).toEqual(pictures(stream()));
    tap(); // refused
    const second = pictures(through(tap()));
    expect([at(second, 0), at(second, 2900), at(second, 3000)]).toEqual([70, 99, 30]);
  });
});

describe('the whole', () => {
  test('begins at a keyframe, late, or ends early', () => {
    expect(pictures(through(startLate(2500)))[0]).toEqual([3000, 30]);
    expect(pictures(through(endEarly(9000)))).toHaveLength(90);
  });
  test('jumps', () => {
    expect(sound(through(jump(5000, 500))).at(-1)).toEqual([10_450, 199]);
  });
});

test('FLV is written as it was read, cut anywhere', () => {
  const bytes = Buffer.concat([FLV_HEADER, ...stream().map(encodeFlvTag)]);
  const read = createFlvReader();
  const tags = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
    read(bytes.subarray(i * 7, i * 7 + 7)),
  ).flat();
  expect(tags).toEqual(stream());
});
