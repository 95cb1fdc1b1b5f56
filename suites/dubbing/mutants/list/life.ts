// Workers that begin and end otherwise than they promise.

import { withField, withoutLine } from '../defects/log-defects.ts';
import { rewriteToServer, sequenceOf } from '../defects/sts-defects.ts';
import type { Mutant, Taps } from '../mutant.ts';

const noAudio = { suite: 'edge-cases', case: 'without an audio track' };
const refused = { suite: 'edge-cases', case: 'somebody else publishes' };
const late = { suite: 'edge-cases', case: 'later than any limited retry' };
const again = { suite: 'edge-cases', case: 'begins again at timestamp 0' };

const worker = (mutant: Omit<Mutant, 'service' | 'make'>, make: () => Taps): Mutant => ({
  service: 'media-service',
  make,
  ...mutant,
});

export const LIFE_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'no-audio-exit-0',
      defect: 'a source without sound ends it with exit code 0',
      against: noAudio,
      seconds: 25,
      killedBy: { check: /service media-service: .*exit code not 0/ },
    },
    () => ({ exitCode: () => 0 }),
  ),
  worker(
    {
      name: 'no-audio-unsaid',
      defect: 'a source without sound ends it without a word',
      against: noAudio,
      seconds: 25,
      killedBy: { check: /audio track required/ },
    },
    () => ({ log: withoutLine(/audio track required/) }),
  ),
  worker(
    {
      name: 'no-audio-said-at-info',
      defect: 'that a source has no sound is told as if it were no failure',
      against: noAudio,
      seconds: 25,
      killedBy: { check: /audio track required/ },
    },
    () => ({ log: withField(/audio track required/, 'level', 'info') }),
  ),
  worker(
    {
      name: 'publish-refused-exit-0',
      defect: 'an output that is refused ends it with exit code 0',
      against: refused,
      seconds: 45,
      killedBy: { check: /service media-service: .*exit code not 0/ },
    },
    () => ({ exitCode: () => 0 }),
  ),
  worker(
    {
      name: 'publish-refused-hangs',
      defect: 'an output that is refused does not end it',
      against: refused,
      seconds: 50,
      killedBy: { check: /service media-service: state exited/ },
    },
    () => ({ exitCode: () => undefined }),
  ),
  worker(
    {
      name: 'source-retries-limited',
      defect: 'it does not wait for a source longer than its limited retries, though told to',
      against: late,
      seconds: 25,
      killedBy: { check: /service media-service: state ready/ },
    },
    () => ({ environment: () => ({ SOURCE_RETRY_LIMIT: '3' }) }),
  ),
  worker(
    {
      name: 'stream-end-unsaid',
      defect: 'the STS is not told that the stream is over',
      against: again,
      seconds: 75,
      killedBy: { check: /stream:end/ },
    },
    () => ({ sts: () => rewriteToServer((event, payload) => (event === 'stream:end' ? undefined : payload)) }),
  ),
  worker(
    {
      name: 'second-stream-counts-on',
      defect: 'the fragments of a second stream are counted on from the first',
      against: again,
      seconds: 75,
      killedBy: { check: /"fragment:data", sequence_number 0/ },
    },
    () => {
      let next = 0;
      return {
        sts: () => {
          const base = next;
          return rewriteToServer((event, payload) => {
            if (event !== 'fragment:data') return payload;
            const sequence_number = base + sequenceOf(payload);
            next = sequence_number + 1;
            return { ...payload, sequence_number };
          });
        },
      };
    },
  ),
];
