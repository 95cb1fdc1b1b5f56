import { describe, expect, it } from 'vitest';
import { MEASURE_NAMES, type Measurements, type MeasureName } from '../../model/measurements.ts';
import type { CheckPorts, RecordingStatus } from '../../model/ports.ts';
import type { Judgement, Verdict } from '../../model/verdict.ts';
import { recordingCheck } from './recording.ts';

const ended: RecordingStatus = { name: 'output', state: 'ended', bytes: 1_000 };

/** What the instruments say of a clean recording of 10 s that joined 0.5 s late. */
function clean(): Measurements & Required<Pick<Measurements, MeasureName>> {
  return {
    file: 'output.flv',
    sizeBytes: 1_000,
    tookMs: 5,
    streams: [
      {
        kind: 'video',
        index: 0,
        codec: 'h264',
        packets: 285,
        startMs: 0,
        endMs: 9_500,
        width: 1280,
        height: 720,
        frameRate: 30,
      },
      {
        kind: 'audio',
        index: 1,
        codec: 'aac',
        packets: 445,
        startMs: 3,
        endMs: 9_490,
        sampleRateHz: 48_000,
        channels: 2,
      },
    ],
    duration: { totalMs: 9_500, firstFrame: 15, publishedFromFirstFrameMs: 9_500, publishedMs: 10_000 },
    'av-sync': {
      segmentMs: 500,
      segments: Array.from({ length: 20 }, (_, index) => ({
        index,
        videoPtsMs: index * 500,
        audioPtsMs: index * 500 + 10,
        deltaMs: 10,
      })),
      maxAbsDeltaMs: 10,
    },
    'content-sync': sync(Array.from({ length: 20 }, () => 2)),
    frames: {
      ...{ total: 285, unreadable: 0, stale: 0, lost: 0, duplicated: 0, backward: 0, frameRate: 30, defects: [] },
      ...{ first: 15, last: 299, missingAtStart: 15, missingAtEnd: 0 },
    },
    gaps: { freezes: [], video: [], audio: [], pilotFound: true },
    timestamps: {
      perStream: [
        { kind: 'video', index: 0, nonMonotonicDts: 0, ptsBeforeDts: 0, largestJumpMs: 34, overlaps: 0, wraps: 0 },
        { kind: 'audio', index: 1, nonMonotonicDts: 0, ptsBeforeDts: 0, largestJumpMs: 22, overlaps: 0, wraps: 0 },
      ],
      ...{ monotonic: true, largestJumpMs: 34, startSkewMs: -3, clockDisagreementMs: 0.6, issues: [] },
    },
    quality: { compared: 285, identical: 285, bitExact: true },
  };
}

function sync(offsets: number[], over: Partial<NonNullable<Measurements['content-sync']>> = {}) {
  const sorted = [...offsets].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return {
    events: offsets.map((offsetMs, second) => ({ atMs: second * 1_000 + 500, second, offsetMs })),
    offset: { n: offsets.length, min: at(0), p5: at(0.05), median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    ...{ unmatchedFlashes: 0, unmatchedBeeps: 0, driftPpm: { slope: 1, low: -4, high: 6 }, errorBoundMs: 1 },
    ...over,
  };
}

type Change = (measured: ReturnType<typeof clean>) => void;

function judge(check: Record<string, unknown>, change: Change = () => {}): Judgement {
  const measurements = clean();
  change(measurements);
  return recordingCheck.judge(
    { status: ended, measurements },
    recordingCheck.schema.parse({ recording: 'output', ...check }),
  );
}

const offsets =
  (...values: number[]): Change =>
  (m) => {
    m['content-sync'] = sync([...Array.from({ length: 20 - values.length }, () => 2), ...values]);
  };
const drift =
  (slope: number, low: number, high: number): Change =>
  (m) => {
    m['content-sync'].driftPpm = { slope, low, high };
  };
const without =
  (...keys: (keyof Measurements)[]): Change =>
  (m) => {
    for (const key of keys) delete m[key];
  };

const segment =
  (deltaMs: number): Change =>
  (m) => {
    const first = m['av-sync'].segments[0];
    if (first) first.deltaMs = deltaMs;
  };

/** Every demand: passed by the clean recording, failed by one with exactly this defect. */
const DEFECTS: [check: Record<string, unknown>, defect: Change][] = [
  [{ duration: { equals: '9.5s', tolerance: '100ms' } }, (m) => (m.duration.totalMs = 9_300)],
  [{ duration: { equals: '10s', tolerance: '100ms', from: 'first-frame' } }, (m) => (m.duration.totalMs = 9_000)],
  [{ duration: { 'at-least': '9s' } }, (m) => (m.duration.totalMs = 8_900)],
  [{ duration: '9.5s' }, (m) => (m.duration.totalMs = 9_501)],
  [{ streams: { video: 'h264' } }, (m) => (m.streams[0] = { ...m.streams[0], codec: 'hevc' } as never)],
  [{ streams: { audio: 'aac' } }, (m) => m.streams.pop()],
  [{ streams: { audio: ['aac', 'opus'] } }, (m) => (m.streams[1] = { ...m.streams[1], codec: 'mp3' } as never)],
  [
    { streams: { video: { width: 1280, height: 720 } } },
    (m) => (m.streams[0] = { ...m.streams[0], height: 480 } as never),
  ],
  [
    { streams: { video: { codec: 'h264', 'frame-rate': { equals: 30, tolerance: '1%' } } } },
    (m) => (m.streams[0] = { ...m.streams[0], frameRate: 15 } as never),
  ],
  [
    { streams: { audio: { 'sample-rate': 48_000, channels: 2 } } },
    (m) => (m.streams[1] = { ...m.streams[1], channels: 1 } as never),
  ],
  [{ 'av-sync': { within: '120ms' } }, segment(-121)],
  [{ 'av-sync': { within: '120ms', for: '100%' } }, segment(121)],
  [
    { 'av-sync': { within: '120ms', for: '95%' } },
    (m) => {
      for (const index of [0, 1]) (m['av-sync'].segments[index] as { deltaMs: number }).deltaMs = 500;
    },
  ],
  [{ 'content-sync': 'ebu' }, offsets(62)],
  [{ 'content-sync': { within: 'ebu' } }, offsets(-42)],
  [{ 'content-sync': { within: 'atsc' } }, offsets(-17)],
  [{ 'content-sync': { within: 'itu-detectable' } }, offsets(-47)],
  [{ 'content-sync': { within: 'itu-acceptable' } }, offsets(187)],
  [{ 'content-sync': '10ms' }, offsets(12)],
  [{ 'content-sync': { within: { lead: '5ms', lag: '20ms' } } }, offsets(-7)],
  [{ 'content-sync': { within: 'ebu', for: '95%' } }, offsets(100, 100)],
  [{ 'content-sync': { 'p99-within': 'atsc' } }, offsets(50)],
  [{ 'content-sync': { 'drift-below': '17ppm' } }, drift(60, 40, 80)],
  [{ 'content-sync': { 'drift-below': '17ppm' } }, drift(-60, -80, -40)],
  [{ frames: { lost: 0 } }, (m) => (m.frames.lost = 1)],
  [{ frames: { lost: { 'at-most': '100ms' } } }, (m) => (m.frames.lost = 4)],
  [{ frames: { duplicated: 0 } }, (m) => (m.frames.duplicated = 1)],
  [{ frames: { backward: 0 } }, (m) => (m.frames.backward = 1)],
  [{ frames: { unreadable: 0 } }, (m) => (m.frames.unreadable = 1)],
  [{ frames: { stale: 0 } }, (m) => (m.frames.stale = 1)],
  [{ frames: { lost: 0 } }, (m) => (m.frames.stale = 1)],
  [{ frames: { 'missing-at-start': { 'at-most': '2s' } } }, (m) => (m.frames.missingAtStart = 61)],
  [{ frames: { 'missing-at-start': { 'at-most': 15 } } }, (m) => (m.frames.missingAtStart = 16)],
  [{ frames: { 'missing-at-end': '0s' } }, (m) => (m.frames.missingAtEnd = 1)],
  [{ gaps: { 'audio-longer-than': '200ms', count: 0 } }, (m) => m.gaps.audio.push({ atMs: 3_000, durationMs: 201 })],
  [{ gaps: { 'audio-longer-than': '10ms' } }, (m) => m.gaps.audio.push({ atMs: 3_000, durationMs: 11 })],
  [{ gaps: { 'video-longer-than': '100ms', count: 0 } }, (m) => m.gaps.video.push({ atMs: 3_000, durationMs: 133 })],
  [
    { gaps: { 'video-longer-than': '100ms', count: { 'at-most': 1 } } },
    (m) => m.gaps.video.push({ atMs: 3_000, durationMs: 133 }, { atMs: 5_000, durationMs: 133 }),
  ],
  [{ gaps: { freezes: 0 } }, (m) => m.gaps.freezes.push({ atMs: 3_000, durationMs: 4_000 })],
  [
    { timestamps: { monotonic: true } },
    (m) => Object.assign(m.timestamps.perStream[0] as object, { nonMonotonicDts: 1 }),
  ],
  [{ timestamps: { monotonic: true } }, (m) => Object.assign(m.timestamps.perStream[1] as object, { ptsBeforeDts: 1 })],
  [{ timestamps: { monotonic: true } }, (m) => (m.timestamps.monotonic = false)],
  [{ timestamps: { 'largest-jump': '100ms' } }, (m) => (m.timestamps.largestJumpMs = 101)],
  [{ timestamps: { 'clock-disagreement': '2ms' } }, (m) => (m.timestamps.clockDisagreementMs = 21)],
  [{ timestamps: { 'start-skew': '50ms' } }, (m) => (m.timestamps.startSkewMs = -51)],
  [{ timestamps: { overlaps: 0 } }, (m) => Object.assign(m.timestamps.perStream[1] as object, { overlaps: 1 })],
  [{ timestamps: { wraps: 0 } }, (m) => Object.assign(m.timestamps.perStream[0] as object, { wraps: 1 })],
  [
    { quality: { 'bit-exact': true } },
    (m) => (m.quality = { compared: 285, identical: 284, bitExact: false, ssimMin: 0.99 }),
  ],
  [
    { quality: { 'ssim-above': 0.98 } },
    (m) => (m.quality = { compared: 2, identical: 0, bitExact: false, ssimMin: 0.97, ssimMean: 1 }),
  ],
  [
    { quality: { 'mean-ssim-above': 0.98 } },
    (m) => (m.quality = { compared: 2, identical: 0, bitExact: false, ssimMin: 0, ssimMean: 0.9 }),
  ],
];

/** Every demand with a recording that does not tell. */
const UNKNOWN: [check: Record<string, unknown>, blindness: Change][] = [
  [{ duration: { equals: '9.5s' } }, without('duration')],
  [{ duration: { equals: '9.5s' } }, (m) => (m.duration.totalMs = 0)],
  [{ duration: { equals: '10s', from: 'first-frame' } }, (m) => (m.duration = { totalMs: 9_500 })],
  [{ streams: { video: 'h264' } }, (m) => (m.streams = [])],
  [{ streams: { video: 'none' } }, (m) => (m.streams = [])],
  [{ streams: { video: { width: 1280 } } }, (m) => (m.streams[0] = { ...m.streams[0], width: undefined } as never)],
  [{ 'av-sync': { within: '1s' } }, without('av-sync')],
  [{ 'av-sync': { within: '1s' } }, (m) => (m['av-sync'].segments = [])],
  [{ 'content-sync': 'itu-acceptable' }, without('content-sync')],
  [{ 'content-sync': 'itu-acceptable' }, (m) => (m['content-sync'] = sync([]))],
  [{ 'content-sync': 'itu-acceptable' }, (m) => (m['content-sync'].unmatchedFlashes = 1)],
  [{ 'content-sync': 'itu-acceptable' }, (m) => (m['content-sync'].unmatchedBeeps = 1)],
  [{ 'content-sync': 'ebu' }, (m) => (m['content-sync'].calibration = { rawMs: 0.4, baselineMs: 1.5 })],
  [{ 'content-sync': 'ebu' }, offsets(60.5)], // beyond by less than the error of measuring
  [{ 'content-sync': { 'drift-below': '17ppm' } }, drift(20, 10, 30)],
  [{ 'content-sync': { 'drift-below': '17ppm' } }, drift(5, -200, 210)],
  [{ 'content-sync': { 'drift-below': '17ppm' } }, drift(Number.NaN, Number.NaN, Number.NaN)],
  [{ frames: { lost: 0 } }, without('frames')],
  [{ frames: { lost: 0, duplicated: 0 } }, (m) => (m.frames.total = 0)],
  [{ frames: { lost: 0 } }, (m) => Object.assign(m.frames, { first: undefined, unreadable: 285 })],
  [{ frames: { lost: 0 } }, (m) => Object.assign(m.frames, { lost: 2, unreadable: 2 })],
  [{ frames: { duplicated: 0 } }, (m) => (m.frames.unreadable = 20)],
  [{ frames: { backward: 0 } }, (m) => (m.frames.unreadable = 20)],
  [{ frames: { 'missing-at-start': 0 } }, (m) => Object.assign(m.frames, { missingAtStart: undefined })],
  [{ frames: { 'missing-at-end': '0s' } }, (m) => Object.assign(m.frames, { missingAtEnd: undefined })],
  [{ frames: { lost: { 'at-most': '1s' } } }, (m) => (m.frames.frameRate = 0)],
  [{ gaps: { 'audio-longer-than': '1s' } }, without('gaps')],
  [{ gaps: { 'audio-longer-than': '1s' } }, (m) => m.streams.pop()],
  [{ gaps: { freezes: 0 } }, (m) => m.streams.shift()],
  [{ timestamps: { monotonic: true } }, without('timestamps')],
  [{ timestamps: { monotonic: true } }, (m) => (m.timestamps.perStream = [])],
  [
    { timestamps: { 'clock-disagreement': '1s' } },
    (m) => Object.assign(m.timestamps, { clockDisagreementMs: undefined }),
  ],
  [{ timestamps: { 'start-skew': '1s' } }, (m) => Object.assign(m.timestamps, { startSkewMs: undefined })],
  [{ quality: { 'bit-exact': true } }, without('quality')],
  [{ quality: { 'ssim-above': 0 } }, (m) => (m.quality = { compared: 0, identical: 0, bitExact: true })],
  [{ quality: { 'ssim-above': 0 } }, (m) => (m.quality = { compared: 2, identical: 0, bitExact: false })],
];

describe('recording check', () => {
  it.each(DEFECTS)('%j passes a clean recording and fails one with the defect', (check, defect) => {
    expect(judge(check)).toMatchObject({ verdict: 'passed' });
    expect(judge(check, defect)).toMatchObject({ verdict: 'failed' });
  });

  it.each(UNKNOWN)('%j is inconclusive about a recording that does not tell', (check, blindness) => {
    expect(judge(check, blindness)).toMatchObject({ verdict: 'inconclusive' });
  });

  it('has a defect for every measure', () => {
    const covered = new Set(DEFECTS.flatMap(([check]) => Object.keys(check)));
    expect(MEASURE_NAMES.filter((name) => !covered.has(name))).toEqual([]);
    expect(MEASURE_NAMES.filter((name) => !UNKNOWN.some(([check]) => name in check))).toEqual([]);
  });

  it('lets some segments and events be off only when that was asked for', () => {
    expect(judge({ 'av-sync': { within: '120ms', for: '95%' } }, segment(500)).verdict).toBe('passed');
    expect(judge({ 'av-sync': { within: '120ms' } }, segment(500)).verdict).toBe('failed');
    expect(judge({ 'content-sync': { within: 'ebu', for: '95%' } }, offsets(100)).verdict).toBe('passed');
    expect(judge({ 'content-sync': { within: 'ebu' } }, offsets(100)).verdict).toBe('failed');
    expect(judge({ 'content-sync': { within: 'ebu', 'p99-within': 'atsc' } }, offsets(50)).verdict).toBe('failed');
  });

  it('accepts what lies on the limit', () => {
    expect(judge({ 'content-sync': 'ebu' }, offsets(60, -40)).verdict).toBe('passed');
    expect(judge({ 'content-sync': 'atsc' }, offsets(45, -15)).verdict).toBe('passed');
    expect(judge({ 'av-sync': { within: '120ms' } }, segment(-120)).verdict).toBe('passed');
    expect(
      judge({ frames: { 'missing-at-start': { 'at-most': '2s' } } }, (m) => (m.frames.missingAtStart = 60)).verdict,
    ).toBe('passed');
    expect(
      judge({ gaps: { 'audio-longer-than': '200ms' } }, (m) => m.gaps.audio.push({ atMs: 1, durationMs: 200 })).verdict,
    ).toBe('passed');
  });

  it('turns durations into frames at the rate of the publication, as measured or halved on the way', () => {
    const check = { frames: { 'missing-at-start': { 'at-most': '2s' } } };
    const judged = (missing: number, over: object) =>
      judge(check, (m) => Object.assign(m.frames, { missingAtStart: missing, ...over })).verdict;
    expect(judged(60, { frameRate: 29.998 })).toBe('passed');
    expect(judged(61, { frameRate: 30.002 })).toBe('failed');
    expect(judged(60, { frameRate: 15, total: 143, lost: 142 })).toBe('passed');
    expect(judged(61, { frameRate: 15, total: 143, lost: 142 })).toBe('failed');
  });

  it('demands that a stream is not there with `none`', () => {
    expect(judge({ streams: { audio: 'none' } }, (m) => m.streams.pop()).verdict).toBe('passed');
    expect(judge({ streams: { audio: 'none' } }).verdict).toBe('failed');
  });

  it('says what was promised, what was measured, where and by how much', () => {
    expect(
      judge(
        { duration: { equals: '10s', tolerance: '500ms', from: 'first-frame' } },
        (m) => (m.duration.totalMs = 8_000),
      ),
    ).toMatchObject({
      expected: 'recording output: duration 10s ± 500ms from its first frame',
      seen: '8 s, and 500 ms published before its first frame (number 15), 1.5 s too low',
    });
    expect(
      judge({ duration: { equals: '10s', tolerance: '500ms', from: 'first-frame' } }, (m) =>
        Object.assign(m.duration, { totalMs: 10_300, soundFirstMs: 400 }),
      ),
    ).toMatchObject({
      verdict: 'passed',
      seen: '10.3 s, and 500 ms published before its first frame (number 15), of which it has the sound of 400 ms',
    });
    expect(
      judge({ 'av-sync': { within: '120ms', for: '95%' } }, (m) => {
        for (const one of m['av-sync'].segments) one.deltaMs = -131;
      }),
    ).toMatchObject({
      expected: 'recording output: timestamps of picture and sound within 120ms for 95% of segments',
      seen: '0 of 20 segments (0%), the largest -131 ms in segment 0',
    });
    expect(
      judge({ 'av-sync': { within: '120ms' } }, (m) => {
        Object.assign(m['av-sync'].segments[7] as object, { deltaMs: -131 });
      }).seen,
    ).toBe('19 of 20 segments (95%), the largest -131 ms in segment 7');
    expect(judge({ 'content-sync': 'ebu' }, offsets(300)).seen).toBe(
      '1 event of 20 beyond it; the worst at 19.5 s of the stream: sound 300 ms late; median +2 ms, +2 ms to +300 ms over 20 events (+ is late), error at most 1 ms',
    );
    expect(judge({ 'content-sync': 'ebu' }, offsets(60.5)).seen).toContain('by less than the error of measuring');
    expect(
      judge({ frames: { lost: 0 } }, (m) => {
        m.frames.lost = 30;
        m.frames.defects.push({ kind: 'lost', atMs: 4_000, number: 120, count: 30 });
      }).seen,
    ).toBe('lost 30 (1s), 30 frames too high, the first at 4 s of the stream');
    expect(
      judge({ gaps: { 'audio-longer-than': '200ms' } }, (m) => m.gaps.audio.push({ atMs: 3_000, durationMs: 1_000 })),
    ).toMatchObject({
      expected: 'recording output: no gap in the sound longer than 200ms',
      seen: '1 gap in the sound, the longest 1 s at 3 s of the stream',
    });
    expect(judge({ streams: { audio: 'aac' } }, (m) => m.streams.pop()).seen).toBe('it has no audio, only video h264');
  });

  it('counts what is out of order over all streams, and shows the first', () => {
    const judged = judge({ timestamps: { monotonic: true } }, (m) => {
      Object.assign(m.timestamps.perStream[0] as object, { nonMonotonicDts: 2, ptsBeforeDts: 1 });
      Object.assign(m.timestamps.perStream[1] as object, { nonMonotonicDts: 3 });
      m.timestamps.issues.push({ kind: 'gap', stream: 0, atMs: 1_000, detail: 'not this one' });
      m.timestamps.issues.push({ kind: 'dts-not-increasing', stream: 1, atMs: 2_000, detail: 'DTS goes back by 9 ms' });
    });
    expect(judged.seen).toBe(
      '5 DTS not after the one before, 1 PTS before its DTS; first: dts-not-increasing at 2 s, DTS goes back by 9 ms',
    );
  });

  it('adds up what happens in several streams', () => {
    const both: Change = (m) => {
      for (const stream of m.timestamps.perStream) Object.assign(stream, { overlaps: 2, wraps: 1 });
    };
    expect(judge({ timestamps: { overlaps: 4, wraps: 2 } }, both).verdict).toBe('passed');
    expect(judge({ timestamps: { overlaps: 0 } }, both).seen).toBe('overlaps 4, 4 too high');
  });

  it.each([
    [{ duration: '10s' }, 'duration exactly 10s'],
    [{ streams: { video: ['h264', 'hevc'], audio: 'none' } }, 'video h264 or hevc, audio none'],
    [{ streams: { video: { width: { 'at-least': 640 } } } }, 'video width at least 640'],
    [{ 'av-sync': { within: '120ms' } }, 'timestamps of picture and sound within 120ms for 100% of segments'],
    [
      { 'content-sync': { within: 'ebu', for: '95%', 'p99-within': '40ms', 'drift-below': '17ppm' } },
      'sound against picture within ebu (40 ms early to 60 ms late) for 95% of events, sound against picture p99 within ±40ms, drift below 17 ppm',
    ],
    [{ 'content-sync': 'ebu' }, 'sound against picture within ebu (40 ms early to 60 ms late)'],
    [{ frames: { lost: 0, 'missing-at-end': '0s' } }, 'no frame lost, no frame missing at end'],
    [{ frames: { 'missing-at-start': { 'at-most': '2s' } } }, 'frames missing at start at most 2s'],
    [{ gaps: { freezes: { 'at-most': 1 } } }, 'freezes: at most 1'],
    [{ timestamps: { monotonic: true, 'start-skew': '20ms' } }, 'timestamps in order, start-skew at most 20ms'],
    [
      { quality: { 'bit-exact': true, 'ssim-above': 0.9, 'mean-ssim-above': 0.95 } },
      'pictures bit-exact, SSIM of every frame above 0.9, mean SSIM above 0.95',
    ],
  ])('reads %j as a sentence', (check, words) => {
    const input = recordingCheck.schema.parse({ recording: 'output', ...check });
    expect(recordingCheck.describe(input)).toBe(`recording output: ${words}`);
  });

  it('gives the reason of the instrument when it could not measure', () => {
    const judged = judge({ 'content-sync': 'ebu', 'av-sync': { within: '1s' } }, (m) => {
      without('content-sync', 'av-sync')(m);
      m.unmeasured = { 'content-sync': 'no audio track', 'av-sync': 'no audio track' };
    });
    expect(judged).toMatchObject({ verdict: 'inconclusive', seen: 'no audio track; no audio track' });
    expect(judged.hint).toContain('streams');
  });

  it('names a broken promise before one that cannot be judged, and lists the figures of all', () => {
    const check = { 'content-sync': 'ebu', frames: { lost: 0, duplicated: 0 }, streams: { video: 'h264' } };
    const judged = judge(check, (m) => {
      without('content-sync')(m);
      m.frames.lost = 3;
    });
    expect(judged).toMatchObject({ verdict: 'failed', expected: 'recording output: no frame lost' });
    expect(judged.figures?.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['output · video', 'passed'],
      ['output · lost', 'failed'],
      ['output · duplicated', 'passed'],
    ] satisfies [string, Verdict][]);
  });

  it.each([
    [{}, /says nothing/],
    [{ duration: 60 }, /a duration with its unit/],
    [{ duration: { from: 'first-frame' } }, /needs a length/],
    [{ streams: {} }, /`video` or `audio`/],
    [{ streams: { video: {} } }, /says nothing/],
    [{ 'av-sync': { within: 120 } }, /a duration with its unit/],
    [{ 'av-sync': { within: '120ms', for: 95 } }, /a percentage/],
    [{ 'content-sync': { within: 'ntsc' } }, /atsc, ebu/],
    [{ 'content-sync': {} }, /needs `within`/],
    [{ 'content-sync': { for: '95%', 'drift-below': '17ppm' } }, /belongs to `within`/],
    [{ 'content-sync': { 'drift-below': 17 } }, /17ppm/],
    [{ frames: {} }, /add one of lost/],
    [{ frames: { lost: 'none' } }, /./],
    [{ frames: { lost: { 'at-most': '2s', 'at-least': 1 } } }, /./],
    [{ gaps: { count: 0 } }, /counts gaps: add/],
    [{ gaps: {} }, /needs `audio-longer-than`/],
    [{ gaps: { freezes: 0, count: 0 } }, /counts gaps/],
    [{ timestamps: {} }, /says nothing/],
    [{ timestamps: { monotonic: false } }, /only `true`/],
    [{ quality: {} }, /says nothing/],
    [{ quality: { 'bit-exact': false } }, /only `true`/],
    [{ 'content-snyc': 'ebu' }, /content-snyc/],
  ])('refuses %j', (check, message) => {
    const result = recordingCheck.schema.safeParse({ recording: 'output', ...check });
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toMatch(message);
  });

  describe('observation', () => {
    const input = recordingCheck.schema.parse({
      recording: 'output',
      streams: { video: 'h264' },
      gaps: { freezes: 0 },
    });
    const signal = new AbortController().signal;
    const observe = (status: RecordingStatus | undefined, wanted: unknown[] = []) => {
      const recordings = {
        status: () => status,
        measure: async (_: string, names: unknown) => wanted.push(names) && clean(),
      };
      return recordingCheck.observe(input, { recordings } as unknown as CheckPorts, { fromMs: 0 }, signal);
    };

    it('measures what is asked for, once it has ended', async () => {
      const wanted: unknown[] = [];
      const observed = await observe(ended, wanted);
      expect(recordingCheck.judge(observed, input).verdict).toBe('passed');
      expect(wanted).toEqual([['streams', 'gaps']]);
      expect(recordingCheck.continuous).toBe(false);
    });

    it.each([
      [undefined, /no such recording/],
      [{ ...ended, state: 'waiting' as const }, /never readable/],
      [{ ...ended, state: 'recording' as const }, /still being recorded/],
      [{ ...ended, state: 'failed' as const, problem: 'disk full' }, /disk full/],
    ])('is inconclusive when it is %j', async (status, seen) => {
      const judged = recordingCheck.judge(await observe(status), input);
      expect(judged.verdict).toBe('inconclusive');
      expect(judged.seen).toMatch(seen);
    });
  });
});
