// Workers that lose their STS and do not come back as they promise.

import { withField, withoutField, withoutLine } from '../defects/log-defects.ts';
import { rewrite, rewriteToServer, sequenceOf } from '../defects/sts-defects.ts';
import type { LogRecord, Mutant, Taps, Wrapped } from '../mutant.ts';
import { isFrame, isKeyframe, isVideo } from '../wrappers/flv-tags.ts';

const resumes = { suite: 'reconnection', case: 'backs off exponentially' };
const givesUp = { suite: 'reconnection', case: 'gives up after five' };

const worker = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, make: (wrapped: Wrapped) => Taps): Mutant => ({
  service: 'media-service',
  seconds: mutant.against === resumes ? 75 : 100,
  make,
  ...mutant,
});

const isAttempt = (line: LogRecord): boolean => line.msg === 'reconnection attempt';

export const RECONNECTION_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'back-off-constant',
      defect: 'attempts to reconnect come every two seconds',
      against: resumes,
      killedBy: { check: /reconnection attempt.*(4s|8s)/ },
    },
    // The delays of 4, 8, 16 and 32 s, each less what the attempt before took; 8 s exactly is something else.
    () => ({
      preload: 'preload/timers.ts',
      environment: () => ({ MUTANT_TIMERS: '3000-3999.9=2000,7000-7999.9=2000,15000-15999.9=2000,31000-31999.9=2000' }),
    }),
  ),
  worker(
    {
      name: 'back-off-half',
      defect: 'attempts to reconnect come after half the time',
      against: resumes,
      killedBy: { check: /reconnection attempt.*(4s|8s)/ },
    },
    () => ({
      preload: 'preload/timers.ts',
      environment: () => ({
        MUTANT_TIMERS: '1900-1999.9=1000,3000-3999.9=2000,7000-7999.9=4000,15000-15999.9=8000,31000-31999.9=16000',
      }),
    }),
  ),
  worker(
    {
      name: 'never-gives-up',
      defect: 'it goes on after the fifth attempt',
      against: givesUp,
      killedBy: { check: /service media-service: state exited/ },
    },
    () => ({ exitCode: (code) => (code === 5 ? undefined : code) }),
  ),
  worker(
    {
      name: 'gives-up-after-three',
      defect: 'it gives up after the third attempt',
      against: givesUp,
      killedBy: { check: /reconnection attempt.*5/ },
    },
    ({ onLog, end }) => {
      onLog((line) => {
        if (isAttempt(line) && line.attempt === 3) setImmediate(() => end(5));
      });
      return {};
    },
  ),
  worker(
    {
      name: 'gives-up-with-exit-0',
      defect: 'it gives up with exit code 0',
      against: givesUp,
      killedBy: { check: /service media-service: .*exit code/ },
    },
    () => ({ exitCode: () => 0 }),
  ),
  worker(
    {
      name: 'sequence-goes-on',
      defect: 'the new session counts on from where the lost one was',
      against: resumes,
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
  worker(
    {
      name: 'no-stream-init-again',
      defect: 'the new connection begins without stream:init',
      against: resumes,
      killedBy: { check: /reconnection attempt/ },
    },
    () => ({
      sts: () => ({
        fromWorker(event, payload, wire) {
          if (event !== 'stream:init' || wire.earlier === 0) wire.toServer(event, payload);
        },
      }),
    }),
  ),
  worker(
    {
      name: 'stale-sound-after-reconnect',
      defect: 'after the reconnection each fragment gets the sound of one from before the loss',
      against: resumes,
      killedBy: { check: /sound against picture within/ },
    },
    () => {
      let old: unknown;
      let connections = 0;
      return {
        sts: () => {
          connections += 1;
          const first = connections === 1;
          return rewrite((event, payload) => {
            if (event !== 'fragment:processed' || !payload.dubbed_audio) return payload;
            if (first) old = payload.dubbed_audio;
            return { ...payload, dubbed_audio: old ?? payload.dubbed_audio };
          });
        },
      };
    },
  ),
  worker(
    {
      name: 'loss-unsaid',
      defect: 'the loss of the STS is not logged',
      against: resumes,
      killedBy: { check: /disconnected/ },
    },
    () => ({ log: withoutLine(/^sts disconnected$/) }),
  ),
  worker(
    {
      name: 'attempt-without-success',
      defect: 'the log of an attempt does not say whether it succeeded',
      against: resumes,
      killedBy: { check: /reconnection attempt.*success true/ },
    },
    () => ({ log: withoutField(/^reconnection attempt$/, 'success') }),
  ),
  worker(
    {
      name: 'attempts-said-to-fail',
      defect: 'the log of every attempt says that it failed',
      against: resumes,
      killedBy: { check: /reconnection attempt.*success true/ },
    },
    () => ({ log: withField(/^reconnection attempt$/, 'success', false) }),
  ),
  worker(
    {
      name: 'picture-gap-at-loss',
      defect: 'the output has no picture for a moment when the STS is lost',
      against: resumes,
      killedBy: { check: /gap in the picture/ },
    },
    ({ onLog }) => {
      let lost = false;
      onLog((line) => {
        if (line.msg === 'sts disconnected') lost = true;
      });
      return {
        output: () => {
          let dropping = false;
          return (tag) => {
            if (!isVideo(tag) || !isFrame(tag)) return [tag];
            if (isKeyframe(tag)) {
              dropping = lost;
              lost = false;
            }
            return dropping ? [] : [tag];
          };
        },
      };
    },
  ),
];
