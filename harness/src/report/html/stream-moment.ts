// Where on the axis something happened that is told in the time of a recorded stream.

import type { CaseMarks, CheckMark, RecordingMark } from './page-data.ts';

/** Instant at which the recorder had what carries this stream time; undefined when the recording is not tied to the axis. */
export function streamToAxisMs(recording: RecordingMark, streamMs: number): number | undefined {
  const { firstPacketMs, firstTimestampMs } = recording;
  if (firstPacketMs === undefined || firstTimestampMs === undefined) return undefined;
  return firstPacketMs + streamMs - firstTimestampMs;
}

/** Checks of recordings say `… at 12.5 s of the stream`: that is when it happened, not when it was found out. */
export function streamMoment(check: CheckMark, marks: CaseMarks): number | undefined {
  const [seconds] = [...check.seen.matchAll(/ at (-?[\d.]+) s(?: of the stream|,|;|$)/g)]
    .map(([, text]) => Number(text))
    .sort((a, b) => a - b);
  const name = /^recording (\S+?):?(?:\s|$)/.exec(check.title)?.[1];
  const recording = marks.recordings.find((each) => each.name === name);
  if (seconds === undefined || !recording) return undefined;
  const atMs = streamToAxisMs(recording, seconds * 1_000);
  if (atMs === undefined || atMs < marks.fromMs || atMs > marks.toMs) return undefined;
  return Math.round(atMs);
}
