// What was measured of a recording. All times are in milliseconds of the stream's own clock unless a name says otherwise.
// Sign of every A/V offset: time of the sound minus time of the picture; + means the sound is late.

export const MEASURE_NAMES = [
  'duration',
  'streams',
  'av-sync',
  'content-sync',
  'frames',
  'gaps',
  'timestamps',
  'quality',
] as const;

export type MeasureName = (typeof MEASURE_NAMES)[number];

export interface Measurements {
  file: string;
  sizeBytes: number;
  /** Wall time that measuring took. */
  tookMs: number;
  streams: StreamFacts[];
  /** Measures that were asked for and cannot be taken of this recording, with the reason in words: `no audio track`. */
  unmeasured?: Partial<Record<MeasureName, string>>;
  /** What FFmpeg complained of while it read the file, at most ten lines: where there are any, it may be damaged. */
  complaints?: string[];
  duration?: DurationMeasure;
  'av-sync'?: AvSyncMeasure;
  'content-sync'?: ContentSyncMeasure;
  frames?: FramesMeasure;
  gaps?: GapsMeasure;
  timestamps?: TimestampsMeasure;
  quality?: QualityMeasure;
}

export interface StreamFacts {
  kind: 'video' | 'audio';
  index: number;
  /** FFmpeg codec name: `h264`, `aac`. */
  codec: string;
  packets: number;
  startMs: number;
  endMs: number;
  width?: number;
  height?: number;
  frameRate?: number;
  sampleRateHz?: number;
  channels?: number;
}

export interface DurationMeasure {
  /** First presented instant to last presented instant over all streams. */
  totalMs: number;
  videoMs?: number;
  audioMs?: number;
  /** How much sooner than the picture the sound begins, ms: a reader that joins late waits for a keyframe only with the picture. */
  soundFirstMs?: number;
  /** Number of the first readable frame of the recording, when the publication is known. */
  firstFrame?: number;
  /** What was published from that frame on, ms: what `from: first-frame` compares with. */
  publishedFromFirstFrameMs?: number;
  /** Length of what was published (fixture), when known. */
  publishedMs?: number;
}

/** Nearest-PTS table: what packet timestamps can show, which is not lip sync (docs/measuring-media.md). */
export interface AvSyncMeasure {
  segmentMs: number;
  segments: { index: number; videoPtsMs: number; audioPtsMs: number; deltaMs: number }[];
  maxAbsDeltaMs: number;
}

export interface Distribution {
  n: number;
  min: number;
  p5: number;
  median: number;
  p95: number;
  p99: number;
  max: number;
}

export interface ContentSyncMeasure {
  /** Offset of each flash/beep pair, matched by identity (frame number and pitch). */
  events: { atMs: number; second: number; offsetMs: number }[];
  offset: Distribution;
  unmatchedFlashes: number;
  unmatchedBeeps: number;
  /** Theil–Sen slope of offset over time, parts per million, with its 95 % interval. */
  driftPpm: { slope: number; low: number; high: number };
  /** Bound on the instrument's own error for this recording, ms (calibration against the fixture included when there was one). */
  errorBoundMs: number;
  calibration?: { rawMs: number; baselineMs: number };
}

export interface FramesMeasure {
  /** Decoded frames. */
  total: number;
  unreadable: number;
  /** Frames that carry another run's identity: stale or cached output. They do not count as seen. */
  stale?: number;
  /** Numbers between the first and the last seen that never came. */
  lost: number;
  duplicated: number;
  backward: number;
  first?: number;
  last?: number;
  /** Frames of the publication before the first and after the last seen; undefined when the publication is not known. */
  missingAtStart?: number;
  missingAtEnd?: number;
  /** Frames a second that the card was made with: as published when that is known, else read off its numbers. */
  frameRate: number;
  /** The first few defects, with stream time. */
  defects: {
    kind: 'lost' | 'duplicated' | 'backward' | 'unreadable' | 'stale';
    atMs: number;
    number?: number;
    count: number;
  }[];
}

export interface GapsMeasure {
  /** Presentation gaps longer than max(3 × mean, mean + 150 ms): the freeze rule of webrtc-stats (freezeCount). */
  freezes: { atMs: number; durationMs: number }[];
  /** Gaps between consecutive video frames' PTS longer than 1.5 frame durations. */
  video: { atMs: number; durationMs: number }[];
  /** Stretches in which the pilot tone is missing (or, without a pilot, digital silence), ≥ 5 ms. */
  audio: { atMs: number; durationMs: number }[];
  pilotFound: boolean;
}

export interface TimestampsMeasure {
  perStream: {
    kind: 'video' | 'audio';
    index: number;
    nonMonotonicDts: number;
    ptsBeforeDts: number;
    largestJumpMs: number;
    overlaps: number;
    wraps: number;
  }[];
  monotonic: boolean;
  largestJumpMs: number;
  /** First audio minus first video PTS. Reported, never subtracted. */
  startSkewMs?: number;
  /** Label clock against sample-count clock over the audio: largest difference, ms. More than 2 ms means holes or loops. */
  clockDisagreementMs?: number;
  issues: { kind: string; stream: number; atMs: number; detail: string }[];
}

export interface QualityMeasure {
  /** Frames compared with the fixture by frame number. */
  compared: number;
  identical: number;
  bitExact: boolean;
  /** Only when not bit-exact: mean and worst SSIM (luma) over compared frames. */
  ssimMean?: number;
  ssimMin?: number;
}
