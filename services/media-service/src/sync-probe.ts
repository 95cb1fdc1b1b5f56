// Measures, on what is really published, how far picture and sound timestamps lie apart where each segment begins.

export interface SyncProbeOptions {
  /** |video PTS − nearest audio PTS| at a segment's first frame. */
  onDelta: (deltaMs: number, segmentStartMs: number) => void;
}

export class SyncProbe {
  readonly #options: SyncProbeOptions;
  /** Starts of segments whose first frame has not been seen, in order. */
  #starts: number[] = [];
  #openVideo: { ptsMs: number; startMs: number } | undefined;
  #lastAudioMs: number | undefined;

  constructor(options: SyncProbeOptions) {
    this.#options = options;
  }

  expectSegment(startMs: number): void {
    this.#starts.push(startMs);
  }

  video(ptsMs: number): void {
    const startMs = this.#starts[0];
    if (startMs === undefined || ptsMs < startMs) return;
    this.#starts.shift();
    this.#openVideo = { ptsMs, startMs };
  }

  /** Tags leave in time order, so the nearest audio is the last one before the frame or the first one after it. */
  audio(ptsMs: number): void {
    const open = this.#openVideo;
    if (open && ptsMs >= open.ptsMs) {
      const before =
        this.#lastAudioMs === undefined ? Number.POSITIVE_INFINITY : Math.abs(open.ptsMs - this.#lastAudioMs);
      this.#openVideo = undefined;
      this.#options.onDelta(Math.min(before, ptsMs - open.ptsMs), open.startMs);
    }
    this.#lastAudioMs = ptsMs;
  }
}
