// What a recording lacks, on the axis of its case: lost and doubled frames, freezes, gaps of picture and sound, odd timestamps.

import { formatDurationMs } from '../../base/duration.ts';
import type { RecordingMark } from './page-data.ts';
import { streamToAxisMs } from './stream-moment.ts';

export type DefectKind =
  | 'lost'
  | 'duplicated'
  | 'backward'
  | 'unreadable'
  | 'stale'
  | 'freeze'
  | 'picture-gap'
  | 'sound-gap'
  | 'timestamps';

export interface RecordingDefect {
  kind: DefectKind;
  fromMs: number;
  toMs: number;
  title: string;
  /** For where there is little room. */
  short: string;
}

/** In order of time; empty for a recording that is not tied to the axis. */
export function defectsOf(recording: RecordingMark): RecordingDefect[] {
  const { frames, gaps, timestamps } = recording.measurements ?? {};
  const found: RecordingDefect[] = [];
  const add = (kind: DefectKind, streamMs: number, lastsMs: number, title: string, short: string) => {
    const fromMs = streamToAxisMs(recording, streamMs);
    if (fromMs !== undefined) found.push({ kind, fromMs, toMs: fromMs + lastsMs, title, short });
  };
  const frameMs = 1_000 / (frames?.frameRate || 30);
  for (const { kind, atMs, count, number } of frames?.defects ?? []) {
    const from = number === undefined ? '' : ` from number ${number}`;
    add(kind, atMs, count * frameMs, `${count} ${count === 1 ? 'frame' : 'frames'} ${kind}${from}`, `${count} ${kind}`);
  }
  for (const { atMs, durationMs } of gaps?.freezes ?? [])
    add('freeze', atMs, durationMs, `freeze of ${lasting(durationMs)}`, `freeze ${lasting(durationMs)}`);
  for (const { atMs, durationMs } of gaps?.video ?? [])
    add(
      'picture-gap',
      atMs,
      durationMs,
      `gap of ${lasting(durationMs)} between pictures`,
      `picture gap ${lasting(durationMs)}`,
    );
  for (const { atMs, durationMs } of gaps?.audio ?? [])
    add('sound-gap', atMs, durationMs, `sound missing for ${lasting(durationMs)}`, `no sound ${lasting(durationMs)}`);
  for (const { kind, atMs, detail } of timestamps?.issues ?? []) add('timestamps', atMs, 0, `${kind}: ${detail}`, kind);
  return found.sort((a, b) => a.fromMs - b.fromMs);
}

const lasting = (ms: number) => formatDurationMs(Math.round(ms));
