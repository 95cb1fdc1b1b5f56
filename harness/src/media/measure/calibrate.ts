// Calibrates the instrument: what it reads on the fixture itself, and on the fixture after a reference path that changes nothing.

import { TestcardError } from '../../model/errors.ts';
import type { Measurements } from '../../model/measurements.ts';
import type { Published } from './analyse-frames.ts';
import { measureRecording } from './measure-recording.ts';
import { round3 } from './statistics.ts';

/** Further off than this, the instrument is measuring itself. */
const CALIBRATION_LIMIT_MS = 1;

export interface Calibration {
  /** Median offset of the fixture as it lies on disk. */
  rawMs: number;
  /** Median offset of the recording through the reference path. */
  baselineMs: number;
  differenceMs: number;
}

/**
 * `reference` is a recording of the fixture through a bare path (publish, relay, record). Throws INSTRUMENT_OFF when the baseline
 * is off by more than 1 ms or nothing can be read, and what `measureRecording` throws.
 */
export async function calibrate(published: Published, reference: string, signal: AbortSignal): Promise<Calibration> {
  const read = async (path: string) =>
    medianOf(await measureRecording(path, { wanted: ['content-sync'], published, signal }), path);
  const rawMs = await read(published.path);
  const baselineMs = await read(reference);
  const differenceMs = round3(baselineMs - rawMs);
  const calibration = { rawMs, baselineMs, differenceMs };
  if (Math.abs(differenceMs) > CALIBRATION_LIMIT_MS || Math.abs(baselineMs) > CALIBRATION_LIMIT_MS) {
    throw new TestcardError(
      'INSTRUMENT_OFF',
      `the instrument reads ${rawMs} ms on the fixture and ${baselineMs} ms through the reference path ${reference}: more than ${CALIBRATION_LIMIT_MS} ms off`,
      {
        hint: 'Look at what publishes, relays and records: one of them moves sound against pictures. No sync verdict can be trusted until it is found.',
        detail: calibration,
      },
    );
  }
  return calibration;
}

function medianOf(measurements: Measurements, path: string): number {
  const measure = measurements['content-sync'];
  if (measure) return measure.offset.median;
  throw new TestcardError(
    'INSTRUMENT_OFF',
    `no flash and beep could be read from ${path}: ${measurements.unmeasured?.['content-sync'] ?? 'no data'}`,
    { hint: 'Calibrate with a fixture that has sound, recorded for at least two seconds.' },
  );
}
