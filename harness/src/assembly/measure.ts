// Measures a file, or a live stream after recording it for a while, outside any suite.

import { systemClock } from '../base/clock.ts';
import { formatDurationMs } from '../base/duration.ts';
import { poll } from '../base/poll.ts';
import { measureRecording, startRecorder } from '../media/index.ts';
import { TestcardError } from '../model/errors.ts';
import type { Measurements, MeasureName } from '../model/measurements.ts';
import { processGuard } from '../runtime/ownership/guard.ts';
import { createTempFolder } from '../runtime/ownership/temp-folder.ts';
import { addressByHand } from './by-hand.ts';
import { fixtureNamed } from './fixtures.ts';

const READABLE_WITHIN_MS = 15_000;

export interface MeasureTarget {
  wanted: MeasureName[];
  /** Name of the fixture that was published, where known. */
  fixture?: string | undefined;
  /** How long to record a live stream. */
  forMs: number;
}

/** Throws RECORDING_CORRUPT, RECORDING_EMPTY, STREAM_UNREADABLE, FIXTURE_UNKNOWN, FFMPEG_MISSING. */
export async function measureTarget(
  target: string,
  { wanted, fixture, forMs }: MeasureTarget,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Measurements> {
  const published = fixture === undefined ? undefined : await fixtureNamed(fixture, signal);
  const options = { wanted, signal, ...(published ? { published } : {}) };
  if (!/^[a-z]+:\/\//i.test(target)) return measureRecording(target, options);
  if (!/^rt(sp|mp):\/\//.test(target)) {
    throw new TestcardError('USAGE', `cannot measure ${target}: expected a file, rtsp:// or rtmp://`);
  }
  const folder = createTempFolder('measure');
  try {
    const recorder = startRecorder(
      { name: 'stream', url: addressByHand(target), shownAs: target, folder: folder.path },
      { signal, clock: systemClock, guard: processGuard() },
    );
    const flowing = await poll<true>(
      () =>
        recorder.status().state === 'waiting'
          ? { done: false, last: recorder.progress() }
          : { done: true, value: true },
      { withinMs: READABLE_WITHIN_MS, clock: systemClock, signal },
    );
    if (!flowing.ok) {
      await recorder.stop(signal).catch(() => {});
      throw new TestcardError(
        'STREAM_UNREADABLE',
        `${target} was not readable within ${formatDurationMs(READABLE_WITHIN_MS)}: ${flowing.last}`,
      );
    }
    say(`recording ${target} for ${formatDurationMs(forMs)}`);
    await Promise.race([systemClock.delay(forMs, signal), recorder.ended]);
    await recorder.stop(signal);
    await recorder.ended;
    return await measureRecording(recorder.path, options);
  } finally {
    folder.remove();
  }
}
