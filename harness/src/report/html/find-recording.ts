// Ties a recording to the axis, and finds what of it can be played.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { StoredSuite } from '../stored-run.ts';
import type { CaseMarks, RecordingMark } from './page-data.ts';

/** Paths are put relative to the run's folder, where the report lies. */
export function findRecording(
  recording: RecordingMark,
  stored: StoredSuite,
  kase: CaseMarks,
  runFolder: string,
  originAtMs: number,
): void {
  const files = stored.filesOf(kase.case);
  const facts = files.find(({ name }) => name === `${recording.name}.facts.json`);
  const { firstPacketAtMs, firstTimestampMs } = facts ? readFacts(facts.path) : {};
  if (firstPacketAtMs !== undefined) recording.firstPacketMs = Math.round(firstPacketAtMs - originAtMs);
  if (firstTimestampMs !== undefined) recording.firstTimestampMs = firstTimestampMs;
  const media = files.find(({ name }) => MEDIA.test(name) && name.replace(MEDIA, '') === recording.name);
  const preview = files.find(({ name }) => name === `${recording.name}.preview.mp4`);
  if (media) recording.file = relative(runFolder, media.path);
  const playable = preview ?? (media && /\.(mp4|webm)$/.test(media.name) ? media : undefined);
  if (playable) recording.playable = relative(runFolder, playable.path);
  else if (media) recording.unplayable = 'no preview was made of it';
  else
    recording.unplayable =
      kase.verdict === 'passed' ? 'recordings of passed cases are kept with --keep' : 'it is not beside the report';
}

const MEDIA = /\.(flv|nut|mkv|mp4|ts|webm)$/;

function readFacts(path: string): { firstPacketAtMs?: number; firstTimestampMs?: number } {
  try {
    const facts: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof facts === 'object' && facts !== null ? facts : {};
  } catch {
    return {};
  }
}
