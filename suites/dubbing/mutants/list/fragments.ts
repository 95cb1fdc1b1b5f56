// Workers and servers that lose count of what is under way.

import { randomUUID } from 'node:crypto';
import { withField, withoutField } from '../defects/log-defects.ts';
import {
  answerWithOriginal,
  hide,
  loseFragment,
  rewrite,
  rewriteToServer,
  sendTwice,
  sequenceOf,
  soundOfTheOneBefore,
  swapWithNext,
} from '../defects/sts-defects.ts';
import type { LogRecord, Mutant, Taps } from '../mutant.ts';

const quick = { suite: 'fragment-tracker', case: 'answers after 0ms' };
const fourth = { suite: 'fragment-tracker', case: 'lets the fourth wait' };
const silence = { suite: 'fragment-tracker', case: 'gives a fragment up' };
const tooLong = { suite: 'edge-cases-audio', case: '30 % too short' };
const fitted = { suite: 'edge-cases-audio', case: '5 % too short' };

const OUT_OF_ORDER = { check: /INVALID_SEQUENCE/ };
const CORRELATED = { check: /each followed by|followed/ };

const worker = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, make: () => Taps): Mutant => ({
  service: 'media-service',
  seconds: 35,
  make,
  ...mutant,
});

const server = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, make: () => Taps): Mutant => ({
  ...worker(mutant, make),
  service: 'echo-sts',
});

export const FRAGMENT_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'four-in-flight',
      defect: 'four fragments are in flight',
      against: fourth,
      killedBy: { check: /worker_inflight_fragments of media-service: at most 3/ },
    },
    () => ({ environment: () => ({ MAX_INFLIGHT: '4' }) }),
  ),
  worker(
    {
      name: 'four-in-flight-and-denied',
      defect: 'four fragments are in flight, and the gauge says three',
      against: fourth,
      killedBy: { check: /under way|at once/ },
    },
    () => ({
      environment: () => ({ MAX_INFLIGHT: '4' }),
      metrics: (text) => text.replace(/^worker_inflight_fragments 4$/m, 'worker_inflight_fragments 3'),
    }),
  ),
  worker(
    {
      name: 'two-in-flight',
      defect: 'only two of the three places are used',
      against: fourth,
      killedBy: { check: /worker_inflight_fragments of media-service: exactly 3/ },
    },
    () => ({ environment: () => ({ MAX_INFLIGHT: '2' }) }),
  ),
  worker(
    {
      name: 'gives-up-after-6-s',
      defect: 'a fragment without an answer is given up after six seconds',
      against: silence,
      killedBy: { check: /fragment:data.*(8s|intervals)|worker_inflight_fragments of media-service: exactly 3/ },
    },
    () => ({ environment: () => ({ FRAGMENT_TIMEOUT_MS: '6000' }) }),
  ),
  worker(
    {
      name: 'gives-up-after-10-s',
      defect: 'a fragment without an answer is given up after ten seconds',
      against: silence,
      killedBy: { check: /fragment:data.*(8s|intervals)/ },
    },
    () => ({ environment: () => ({ FRAGMENT_TIMEOUT_MS: '10000' }) }),
  ),
  worker({ name: 'fragment-lost', defect: 'a fragment is never sent', against: quick, killedBy: OUT_OF_ORDER }, () => ({
    sts: () => loseFragment(1),
  })),
  worker(
    { name: 'fragment-doubled', defect: 'a fragment is sent twice', against: quick, killedBy: OUT_OF_ORDER },
    () => ({ sts: () => sendTwice('fragment:data', 1) }),
  ),
  worker(
    { name: 'fragments-swapped', defect: 'two fragments change places', against: quick, killedBy: OUT_OF_ORDER },
    () => ({ sts: () => swapWithNext(1) }),
  ),
  worker(
    { name: 'counts-from-1', defect: 'sequence numbers begin at 1', against: quick, killedBy: OUT_OF_ORDER },
    () => ({
      sts: () =>
        rewriteToServer((event, payload) =>
          event === 'fragment:data' ? { ...payload, sequence_number: sequenceOf(payload) + 1 } : payload,
        ),
    }),
  ),
  worker(
    {
      name: 'never-acknowledges',
      defect: 'answers are used and never acknowledged',
      against: quick,
      killedBy: CORRELATED,
    },
    () => ({ sts: () => rewriteToServer((event, payload) => (event === 'fragment:ack' ? undefined : payload)) }),
  ),
  worker(
    {
      name: 'acknowledges-twice',
      defect: 'each answer is acknowledged twice',
      against: quick,
      killedBy: CORRELATED,
    },
    () => ({ sts: () => sendTwice('fragment:ack') }),
  ),
  worker(
    {
      name: 'acknowledges-another-id',
      defect: 'acknowledgements name a fragment that does not exist',
      against: quick,
      killedBy: CORRELATED,
    },
    () => ({
      sts: () =>
        rewriteToServer((event, payload) =>
          event === 'fragment:ack' ? { ...payload, fragment_id: randomUUID() } : payload,
        ),
    }),
  ),
  server(
    {
      name: 'sts-does-not-acknowledge',
      defect: 'an STS that does not acknowledge what it receives',
      against: quick,
      killedBy: CORRELATED,
    },
    () => {
      const isAck = (event: unknown, direction: unknown): boolean => event === 'fragment:ack' && direction === 'sent';
      return {
        sts: () => hide((event) => event === 'fragment:ack'),
        log: (line: LogRecord) => (isAck(line.event, line.direction) ? undefined : line),
      };
    },
  ),
  server(
    {
      name: 'sts-answers-another-number',
      defect: 'an STS whose answers bear the number of the next fragment',
      against: quick,
      killedBy: CORRELATED,
    },
    () => ({
      sts: () =>
        rewrite((event, payload) =>
          event === 'fragment:processed' ? { ...payload, sequence_number: sequenceOf(payload) + 1 } : payload,
        ),
      log: (line: LogRecord) =>
        line.event === 'fragment:processed' ? { ...line, sequence_number: Number(line.sequence_number) + 1 } : line,
    }),
  ),
  server(
    {
      name: 'sts-answers-with-old-sound',
      defect: 'an STS that answers each fragment with the sound of the one before',
      against: fitted,
      // A worker that joined late has a shorter last fragment: the sound of the one before is then refused, with a warning.
      killedBy: { check: /sound against picture within|log of media-service with level/ },
    },
    () => ({ sts: soundOfTheOneBefore }),
  ),
  worker(
    {
      name: 'answer-lost',
      defect: 'one answer is lost on the way',
      against: { suite: 'full-pipeline' },
      killedBy: { check: /worker_audio_fragments_total\{status="processed"\}|worker_fallback_total/ },
    },
    () => ({
      sts: () => hide((event, payload) => event === 'fragment:processed' && sequenceOf(payload) === 3),
    }),
  ),
  worker(
    {
      name: 'wrong-length-accepted',
      defect: 'sound that is 30 % too long is used',
      against: tooLong,
      killedBy: { check: /worker_audio_fragments_total\{status="processed"\}/ },
    },
    () => ({ sts: () => answerWithOriginal(() => true) }),
  ),
  worker(
    {
      name: 'slight-wrong-length-refused',
      defect: 'sound that is 5 % too short is not used',
      against: fitted,
      killedBy: { check: /level "warn"|status="processed"/ },
    },
    () => ({
      sts: () =>
        rewrite((event, payload) => (event === 'fragment:processed' ? { ...payload, dubbed_audio: null } : payload)),
    }),
  ),
  worker(
    {
      name: 'refusal-told-at-info',
      defect: 'that dubbed sound is refused is no warning',
      against: tooLong,
      killedBy: { check: /log of media-service with level "warn"/ },
    },
    () => ({ log: withField(/falls back/, 'level', 'info') }),
  ),
  worker(
    {
      name: 'log-without-fragment-id',
      defect: 'a log line of a fragment does not say which',
      against: tooLong,
      killedBy: { check: /log of media-service with level "warn"/ },
    },
    () => ({ log: withoutField(/falls back/, 'fragment.id') }),
  ),
  worker(
    {
      name: 'log-without-stream-id',
      defect: 'a log line of a stream does not say which',
      against: tooLong,
      killedBy: { check: /log of media-service with level "warn"/ },
    },
    () => ({ log: withoutField(/falls back/, 'streamId') }),
  ),
];
