import { describe, expect, it } from 'vitest';
import { metricBound } from './metric-bound.ts';
import type { CaseMarks, CheckMark, RecordingMark } from './page-data.ts';
import { defectsOf } from './recording-defects.ts';
import { offsetLimits } from './story-graph.ts';
import { streamMoment } from './stream-moment.ts';

const check = (own: Partial<CheckMark>): CheckMark => ({
  title: '',
  file: 's.yaml',
  line: 1,
  how: 'expect',
  atMs: 0,
  judgedMs: 0,
  verdict: 'failed',
  expected: '',
  seen: '',
  ...own,
});

describe('metricBound', () => {
  it.each([
    ['in_flight of worker: at most 3', undefined, { value: 3, name: 'at most 3' }],
    ['a_total{x=": 1"} of worker: exactly 0', undefined, { value: 0, name: 'exactly 0' }],
    ['a_total of worker: increases by exactly 10', '{"value":9,"from":4,"to":13}', { value: 14, name: 'exactly 14' }],
    ['a_total of worker: increases by exactly 10', undefined, undefined],
    ['a_seconds of worker: p95 below 120', undefined, undefined],
  ])('of %s', (expected, detail, bound) => {
    expect(metricBound(check({ expected, detail }))).toEqual(bound);
  });
});

describe('offsetLimits', () => {
  it.each([
    ['sound against picture within ebu (40 ms early to 60 ms late)', [60, -40]],
    ['sound against picture within ±25ms', [25, -25]],
    ['sound against picture within 15ms early to 45ms late', [45, -15]],
    ['no frame lost', []],
  ])('of %s', (expected, values) => {
    expect(offsetLimits(expected).map(({ value }) => value)).toEqual(values);
  });
});

const recording: RecordingMark = { name: 'output', firstPacketMs: 4_000, firstTimestampMs: 10_000 };

describe('streamMoment', () => {
  const marks = { fromMs: 0, toMs: 60_000, recordings: [recording] } as unknown as CaseMarks; // only these are looked at

  it('is where the first of what a recording shows is to be seen', () => {
    const seen = 'lost 29, the first at 31 s of the stream; duplicated 29, the first at 30.034 s of the stream';
    expect(streamMoment(check({ title: 'recording output: no frame lost', seen }), marks)).toBe(24_034);
  });

  it('is none of what no recording shows, or of another time than the case', () => {
    expect(streamMoment(check({ title: 'metric a of b', seen: 'saw 1 at 12 s of the stream' }), marks)).toBeUndefined();
    expect(
      streamMoment(check({ title: 'recording output: x', seen: 'the first at 900 s of the stream' }), marks),
    ).toBeUndefined();
  });
});

describe('defectsOf', () => {
  it('says in order of time what the recording lacks, how long and how much', () => {
    const measured = {
      ...recording,
      measurements: {
        file: '',
        sizeBytes: 0,
        tookMs: 0,
        streams: [],
        frames: {
          total: 0,
          unreadable: 0,
          lost: 3,
          duplicated: 0,
          backward: 0,
          frameRate: 30,
          defects: [{ kind: 'lost' as const, atMs: 14_000, number: 120, count: 3 }],
        },
        gaps: { freezes: [], video: [], audio: [{ atMs: 12_000, durationMs: 500 }], pilotFound: true },
      },
    };
    expect(defectsOf(measured)).toEqual([
      { kind: 'sound-gap', fromMs: 6_000, toMs: 6_500, title: 'sound missing for 500ms', short: 'no sound 500ms' },
      { kind: 'lost', fromMs: 8_000, toMs: 8_100, title: '3 frames lost from number 120', short: '3 lost' },
    ]);
  });

  it('says nothing of a recording that is not tied to the axis', () => {
    expect(defectsOf({ name: 'output' })).toEqual([]);
  });
});
