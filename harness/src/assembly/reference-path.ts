// The reference that the instrument is calibrated by: the start of the fixture, published to and recorded from the same media server on a
// path of its own, beside what is tested. What it shows is the server's and the instrument's doing, not the pipeline's.

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import { type Fixture, measureRecording, startPublisher, startRecorder } from '../media/index.ts';
import { TestcardError } from '../model/errors.ts';
import type { ProcessGuard } from '../model/processes.ts';

/** Enough for seven flashes and beeps; the case goes on meanwhile. */
const REFERENCE_MS = 8_000;
const RECORDED_WITHIN_MS = 15_000;
/** Further off, no verdict on sync can be trusted. */
const BASELINE_LIMIT_MS = 1;
const MOST_SESSIONS = 3;
/** Its recordings are called so, with a number. */
export const REFERENCE = 'reference';

export interface Calibration {
  /** Median offset read on the fixture's file. */
  rawMs: number;
  /** Median offset read on the reference recording. */
  baselineMs: number;
}

export interface ReferenceRequest {
  fixture: Fixture;
  /** Where the case publishes, and what it records, as this machine reaches them. */
  publishUrl: string;
  recordUrl: string | undefined;
  folder: string;
  signal: AbortSignal;
  clock: Clock;
  guard: ProcessGuard;
}

/**
 * The reading that shows least of the server: one that places a track by when its first packets came moves sound against picture from one
 * session to the next, and a session in which it did not shows what the instrument does. Throws what publishing, recording or measuring
 * throws; nothing of it goes on after `signal` aborts.
 */
export async function calibrateByReference(request: ReferenceRequest): Promise<Calibration> {
  const rawMs = await rawOffset(request.fixture, request.signal);
  let baselineMs = Number.POSITIVE_INFINITY;
  const movedMs = (seenMs: number) => Math.abs(seenMs - rawMs);
  for (let session = 1; session <= MOST_SESSIONS && movedMs(baselineMs) > BASELINE_LIMIT_MS; session += 1) {
    const seenMs = await baselineOf(request, `${REFERENCE}-${session}`);
    if (movedMs(seenMs) < movedMs(baselineMs)) baselineMs = seenMs;
  }
  return { rawMs, baselineMs };
}

async function baselineOf(request: ReferenceRequest, name: string): Promise<number> {
  const { fixture, folder, signal, clock, guard } = request;
  const { publishUrl, recordUrl } = referenceUrls(request);
  const recorder = startRecorder({ name, url: recordUrl, folder }, { signal, clock, guard });
  const publisher = await startPublisher(
    { name, path: fixture.path, url: publishUrl, durationMs: fixture.durationMs, hasAudio: fixture.hasAudio },
    { signal, clock, guard },
  );
  const wantedMs = Math.min(REFERENCE_MS, fixture.durationMs - 500);
  const enough = await poll<true>(
    () =>
      publisher.facts().publishedMs >= wantedMs
        ? { done: true, value: true }
        : { done: false, last: publisher.progress() },
    { withinMs: RECORDED_WITHIN_MS, clock, signal },
  );
  await publisher.stop(signal);
  await recorder.stop(signal);
  await recorder.ended;
  if (!enough.ok) throw new TestcardError('INSTRUMENT_OFF', `the reference path carried only ${enough.last}`);
  return medianOffset(recorder.path, fixture, signal);
}

/** The path beside the published one; recorded over the protocol that the case records with, where that is the same server. */
function referenceUrls({ publishUrl, recordUrl }: ReferenceRequest): { publishUrl: string; recordUrl: string } {
  const path = `/testcard/reference-${randomBytes(4).toString('hex')}`;
  const publish = new URL(publishUrl);
  const record = new URL(recordUrl ?? publishUrl);
  publish.pathname = path;
  record.pathname = path;
  return { publishUrl: publish.href, recordUrl: record.hostname === publish.hostname ? record.href : publish.href };
}

/** Kept beside the fixture: the same file always reads the same. */
async function rawOffset(fixture: Fixture, signal: AbortSignal): Promise<number> {
  const file = fixture.path.replace(/\.mp4$/, '.offset.json');
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as { rawMs?: unknown };
    if (typeof kept.rawMs === 'number') return kept.rawMs;
  } catch {
    // not measured yet
  }
  const rawMs = await medianOffset(fixture.path, fixture, signal);
  await writeFile(file, `${JSON.stringify({ rawMs })}\n`);
  return rawMs;
}

async function medianOffset(path: string, published: Fixture, signal: AbortSignal): Promise<number> {
  const measured = await measureRecording(path, { wanted: ['content-sync'], published, signal });
  const sync = measured['content-sync'];
  if (sync) return sync.offset.median;
  throw new TestcardError(
    'INSTRUMENT_OFF',
    `no flash and beep could be read from ${path}: ${measured.unmeasured?.['content-sync'] ?? 'no data'}`,
  );
}
