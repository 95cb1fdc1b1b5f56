import { describe, expect, test } from 'vitest';
import { analyseAvSync } from './analyse-av-sync.ts';
import { analyseTimestamps } from './analyse-timestamps.ts';
import type { PacketTrack } from './scan-packets.ts';
import { makeTrack, steadyPackets } from './test/make-trace.ts';

const AAC_MS = 1024 / 48;
const video = (count = 300, fromMs = 0) => makeTrack('video', steadyPackets(count, 1000 / 30, fromMs));
const audio = (count = 469, fromMs = 0) => makeTrack('audio', steadyPackets(count, AAC_MS, fromMs));
const judge = (tracks: { video?: PacketTrack; audio?: PacketTrack }) =>
  analyseTimestamps({ sizeBytes: 1, format: 'flv', complaints: [], ...tracks });

describe('timestamps', () => {
  test('of a clean recording raise no issue, whatever ms rounding does', () => {
    const measure = judge({ video: video(), audio: audio() });
    expect(measure).toMatchObject({ monotonic: true, largestJumpMs: 34, startSkewMs: 0, issues: [] });
    expect(measure.clockDisagreementMs).toBeLessThan(1);
  });

  test('that go back or stand still are not monotonic', () => {
    const packets = steadyPackets(100, 33);
    packets[50] = { ptsMs: 33 * 40 };
    packets[70] = { ptsMs: 33 * 69 };
    const measure = judge({ video: makeTrack('video', packets) });
    expect(measure.monotonic).toBe(false);
    expect(measure.perStream[0]?.nonMonotonicDts).toBe(2);
    expect(measure.issues.map(({ kind }) => kind)).toContain('dts-not-increasing');
  });

  test('with a PTS before its DTS say so', () => {
    const packets = steadyPackets(10, 33).map(({ ptsMs }, i) => ({
      ptsMs: i === 5 ? ptsMs - 40 : ptsMs,
      dtsMs: ptsMs,
    }));
    expect(judge({ video: makeTrack('video', packets) }).perStream[0]?.ptsBeforeDts).toBe(1);
  });

  test('that jump over lost packets disagree with the count of samples by what was lost', () => {
    const packets = steadyPackets(469, AAC_MS).filter((_, i) => i < 200 || i >= 247);
    const measure = judge({ audio: makeTrack('audio', packets) });
    expect(measure.clockDisagreementMs).toBeCloseTo(47 * AAC_MS, 0);
    expect(measure.largestJumpMs).toBeCloseTo(48 * AAC_MS, -1);
    expect(measure.issues.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['gap', 'clocks-disagree']));
  });

  test('that run 0.1 % slow against the samples disagree more and more', () => {
    const measure = judge({ audio: makeTrack('audio', steadyPackets(469, AAC_MS * 1.001)) });
    expect(measure.clockDisagreementMs).toBeCloseTo(10, 0);
  });

  test('report how far apart the streams begin and take nothing off it', () => {
    expect(judge({ video: video(300, 100), audio: audio(469, 40) }).startSkewMs).toBe(-60);
  });

  test('of packets that are not presented do not count as the start', () => {
    const packets = steadyPackets(10, AAC_MS, -21).map((each, i) => ({ ...each, discard: i === 0 }));
    expect(judge({ video: video(), audio: makeTrack('audio', packets) }).startSkewMs).toBe(0);
  });
});

describe('the nearest-PTS table', () => {
  test('has a row for each segment and never shows more than half a frame of each, however far apart the content is', () => {
    for (let skew = 0; skew < 400; skew += 7) {
      const table = analyseAvSync(video(1800), audio(2813, skew), 6000);
      expect(table?.segments.length).toBe(10);
      expect(table?.maxAbsDeltaMs).toBeLessThanOrEqual(27.3 + 1);
    }
  });

  test('shows a stream that stopped for a while', () => {
    const gappy = makeTrack(
      'audio',
      steadyPackets(2813, AAC_MS).filter(({ ptsMs }) => ptsMs < 11_500 || ptsMs > 13_000),
    );
    const table = analyseAvSync(video(1800), gappy, 6000);
    expect(table?.maxAbsDeltaMs).toBeGreaterThan(450);
  });

  test('does not exist when the streams have no instant in common', () => {
    expect(analyseAvSync(video(30), audio(30, 5000), 6000)).toBeUndefined();
  });
});
