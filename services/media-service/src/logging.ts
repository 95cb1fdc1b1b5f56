// One JSON object a line on stdout: `level` a word, `timestamp` in epoch seconds.

import { pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

export function createLog(level: string) {
  const options = {
    level,
    base: { service: 'media-service' },
    messageKey: 'msg',
    timestamp: () => `,"timestamp":${(Date.now() / 1000).toFixed(3)}`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Synchronous, so that the last lines before the process ends are there, and in order.
  return pino(options, pino.destination({ fd: 1, sync: true }));
}

/** What marks a line as belonging to one fragment. */
export function fragmentFields(fragment: { id: string; sequenceNumber?: number | undefined; segmentIndex: number }) {
  return {
    'fragment.id': fragment.id,
    sequence_number: fragment.sequenceNumber,
    segment: fragment.segmentIndex,
  };
}
