// Measures a recording of a stored run for something that the run did not measure, as long as the file is still there.

import type { StoredCase } from '../engine/replay/stored-case.ts';
import type { Remeasure } from '../engine/replay/stored-ports.ts';
import { type Fixture, measureRecording } from '../media/index.ts';
import type { Case } from '../model/suite.ts';
import type { StoredSuite } from '../report/stored-run.ts';
import { fixtureNamed, fixturesOf } from './fixtures.ts';

const CONTAINERS = ['flv', 'nut'];

export function remeasureFrom(suite: StoredSuite, stored: StoredCase, kase: Case): Remeasure {
  return async (recording, wanted, signal) => {
    const file = suite
      .filesOf(stored.id)
      .find(({ name }) => CONTAINERS.some((each) => name === `${recording}.${each}`));
    if (!file) return undefined;
    const names = fixturesOf([kase]);
    const published: Fixture | undefined =
      names.length > 0 ? await fixtureNamed(names.at(-1) ?? '', signal) : undefined;
    const calibration = calibrationOf(stored);
    return measureRecording(file.path, { wanted, published, calibration, signal });
  };
}

/** What the run's own reference path came to. */
function calibrationOf({ activities }: StoredCase): { rawMs: number; baselineMs: number } | undefined {
  const detail = activities.findLast(({ state }) => state === 'calibrated')?.detail as
    | Partial<{ rawMs: number; baselineMs: number }>
    | undefined;
  const { rawMs, baselineMs } = detail ?? {};
  return rawMs === undefined || baselineMs === undefined ? undefined : { rawMs, baselineMs };
}
