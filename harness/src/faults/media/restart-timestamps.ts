// media.restart-timestamps: from one moment on all timestamps begin at 0 again, as if the source had restarted. Proven by reading them.

import { TestcardError } from '../../model/errors.ts';
import type { FaultKind } from '../../model/faults.ts';
import { type MediaTarget, mediaFaultSchemas } from '../../model/media-fault.ts';
import { askFor, describeAs, findPublished, type MediaRecord, readingOf, seconds } from './media-target.ts';
import { LEAST_AGE_MS, startedOver } from './started-over.ts';

export const restartTimestamps: FaultKind<MediaTarget, MediaRecord> = {
  key: 'media.restart-timestamps',
  summary: 'All timestamps of a stream begin at 0 again, once',
  schema: mediaFaultSchemas['media.restart-timestamps'],
  describe: describeAs('media.restart-timestamps'),
  async prepare(input, ports, signal) {
    const record = await findPublished(input, ports, signal);
    if (record.publishedForMs >= LEAST_AGE_MS) return record;
    throw new TestcardError(
      'FAULT_UNPROVEN',
      `${input.stream} has been published for ${seconds(record.publishedForMs)} only: its timestamps are near 0 as it is`,
      { hint: `wait until it is ${seconds(LEAST_AGE_MS)} old` },
    );
  },
  inject: (record, _ports, signal) => askFor(record, { kind: 'restart-timestamps' }, signal),
  async prove(record, ports, signal) {
    const { holds, seen } = await startedOver(record, ports, signal);
    return { holds, by: readingOf(record), seen };
  },
  provableWithinMs: () => 10_000,
};
