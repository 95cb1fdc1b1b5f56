import { describe, expect, it } from 'vitest';
import { FLV_VIDEO, type FlvTag, readVideoTag } from '../src/flv.ts';
import { type TimedFrame, UNKNOWN_BEFORE_MS, VideoTimeline } from '../src/video-timeline.ts';

/** A frame as the ingest delivers it: a decode time that means nothing. */
function frame(ptsMs: number, content = 0): FlvTag {
  const data = Buffer.from([0x27, 1, 0, 0, 0, content]);
  data.writeIntBE(10_000, 2, 3);
  return { type: FLV_VIDEO, timestampMs: ptsMs - 10_000, data };
}
const config: FlvTag = { type: FLV_VIDEO, timestampMs: 0, data: Buffer.from([0x17, 0, 0, 0, 0, 1]) };
const unknown = (): FlvTag => frame(UNKNOWN_BEFORE_MS * 3);

function time(tags: FlvTag[]): (TimedFrame & { dtsMs: number })[] {
  const out: TimedFrame[] = [];
  const timeline = new VideoTimeline((timed) => out.push(timed));
  for (const tag of tags) timeline.push(tag);
  timeline.end();
  return out.map((timed) => ({ ...timed, dtsMs: timed.tag.timestampMs }));
}

/** IBBP with B frames as references: decode order of presentation numbers. */
const PYRAMID = [
  0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15, 20, 18, 17, 19, 24, 22, 21, 23, 28, 26, 25, 27,
];

describe('video timeline', () => {
  it('leaves streams without reordering at their own times, decode and presentation alike', () => {
    const times = Array.from({ length: 300 }, (_, index) => Math.round(index * 33.3333) + 500);
    const out = time(times.map((pts) => frame(pts)));
    expect(out.map(({ ptsMs }) => ptsMs)).toEqual(times);
    expect(out.map(({ dtsMs }) => dtsMs)).toEqual(times);
  });

  it('finds the time of a first frame that came without one', () => {
    const out = time([config, unknown(), ...Array.from({ length: 99 }, (_, index) => frame(-25 + 40 * (index + 1)))]);
    expect(out[1]).toMatchObject({ ptsMs: -25, dtsMs: -25 });
    expect(out).toHaveLength(101);
  });

  it('derives decode times of reordered frames: growing, never after presentation, presentation untouched', () => {
    const tags = PYRAMID.map((number) => (number === 0 ? unknown() : frame(1000 + number * 40)));
    const out = time(tags);
    expect(out.map(({ ptsMs }) => ptsMs)).toEqual(PYRAMID.map((number) => 1000 + number * 40));
    for (const [index, { dtsMs, ptsMs, tag }] of out.entries()) {
      expect(dtsMs).toBeLessThanOrEqual(ptsMs);
      if (index > 0) expect(dtsMs).toBeGreaterThan(out[index - 1]?.dtsMs ?? 0);
      expect(readVideoTag(tag).ptsMs).toBe(ptsMs);
    }
    expect(out.map(({ dtsMs }) => dtsMs)).toEqual(PYRAMID.map((_, index) => 1000 + (index - 2) * 40));
  });

  it('changes no coded byte', () => {
    const out = time(Array.from({ length: 50 }, (_, index) => frame(index * 40, index)));
    expect(out.map(({ tag }) => tag.data[5])).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('keeps configuration in its place before the frame it belongs to', () => {
    const tags = [
      config,
      ...Array.from({ length: 40 }, (_, index) => frame(index * 40)),
      config,
      frame(1600),
      frame(1640),
    ];
    const kinds = time(tags).map(({ tag }) => readVideoTag(tag).kind);
    expect(kinds.indexOf('config', 1)).toBe(41);
    expect(kinds).toHaveLength(44);
  });

  it('holds back no more than a second, so that slow streams are not delayed by frames', () => {
    const out: TimedFrame[] = [];
    const timeline = new VideoTimeline((timed) => out.push(timed));
    for (let index = 0; index < 10; index += 1) timeline.push(frame(index * 600));
    expect(out.length).toBeGreaterThanOrEqual(8);
  });

  it('emits what it holds at the end even of a single frame', () => {
    expect(time([frame(77)])).toMatchObject([{ ptsMs: 77, dtsMs: 77 }]);
    expect(time([config, unknown()])).toHaveLength(2);
  });
});
