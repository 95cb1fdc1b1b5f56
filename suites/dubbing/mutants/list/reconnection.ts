// Workers that lose their STS and do not come back as they promise.

import { setTimeout as pause } from 'node:timers/promises';
import { withField, withoutField, withoutLine } from '../defects/log-defects.ts';
import { add, setTo } from '../defects/metrics-defects.ts';
import { rewriteToServer, sequenceOf } from '../defects/sts-defects.ts';
import type { LogRecord, Mutant, Taps, Wrapped } from '../mutant.ts';
import { isFrame, isKeyframe, isVideo } from '../wrappers/flv-tags.ts';

const resumes = { suite: 'reconnection', case: 'backs off exponentially' };
const closed = { suite: 'reconnection-causes', case: 'closes the connection' };
const killed = { suite: 'reconnection-causes', case: 'was killed' };
const givesUp = { suite: 'reconnection', case: 'gives up after five' };

const worker = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, make: (wrapped: Wrapped) => Taps): Mutant => ({
  service: 'media-service',
  seconds: mutant.against === givesUp ? 100 : mutant.against === closed || mutant.against === killed ? 45 : 75,
  make,
  ...mutant,
});

const isAttempt = (line: LogRecord): boolean => line.msg === 'reconnection attempt';

export const RECONNECTION_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'back-off-constant',
      defect: 'attempts to reconnect come every two seconds',
      against: killed,
      killedBy: { check: /disconnected.*(2s|4s)/ },
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
      against: killed,
      killedBy: { check: /disconnected.*(2s|4s)/ },
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
      against: closed,
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
      against: closed,
      killedBy: { check: /worker_reconnection_total/ },
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
      against: closed,
      killedBy: { check: /sound against picture within/ },
    },
    () => {
      let old: unknown;
      return {
        sts: () => ({
          fromWorker(event, payload, wire) {
            if (event === 'fragment:data' && wire.earlier === 0) old = payload.audio;
            wire.toServer(event, payload);
          },
          fromServer(event, payload, wire) {
            const stale = wire.earlier > 0 && payload.dubbed_audio;
            wire.toWorker(event, stale ? { ...payload, dubbed_audio: old } : payload);
          },
        }),
      };
    },
  ),
  worker(
    {
      name: 'loss-unsaid',
      defect: 'the loss of the STS is not logged',
      against: closed,
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
      against: closed,
      killedBy: { check: /gap in the picture|no frame lost/ },
    },
    ({ onLog }) => {
      let lost = false;
      onLog((line) => {
        if (line.msg === 'sts disconnected') lost = true;
      });
      return {
        output: () => {
          let dropping = false;
          return (tag, sinceStartMs) => {
            if (!isVideo(tag) || !isFrame(tag)) return [tag];
            if (isKeyframe(tag)) {
              dropping = lost && sinceStartMs > 2000; // a stream that has not begun has no gap
              if (dropping) lost = false;
            }
            return dropping ? [] : [tag];
          };
        },
      };
    },
  ),
  worker(
    {
      name: 'loss-noticed-late',
      defect: 'the loss of the STS is noticed three seconds late',
      against: closed,
      killedBy: { check: /disconnected/ },
    },
    () => ({ sts: () => ({ serverLost: () => pause(3000) }) }),
  ),
  worker(
    {
      name: 'loss-counted-as-time-out',
      defect: 'what was in flight when the STS was lost is counted as timed out',
      against: closed,
      killedBy: { check: /worker_fallback_total\{reason="disconnected"\}/ },
    },
    () => ({
      metrics: (text) => {
        const lost = Number(/^worker_fallback_total\{reason="disconnected"\} (\d+)$/m.exec(text)?.[1] ?? 0);
        const moved = add('worker_fallback_total{reason="timeout"}', lost)(text);
        return setTo('worker_fallback_total{reason="disconnected"}', 0)(moved);
      },
    }),
  ),
  worker(
    {
      name: 'stream-init-twice',
      defect: 'the new session is begun twice',
      against: closed,
      killedBy: { check: /event "stream:init": exactly 1|event "stream:init".*1 line/ },
    },
    () => ({
      sts: () => ({
        fromWorker(event, payload, wire) {
          wire.toServer(event, payload);
          if (event === 'stream:init' && wire.earlier > 0) wire.toServer(event, payload);
        },
      }),
    }),
  ),
  worker(
    {
      name: 'silent-connection-kept',
      defect: 'a connection on which nothing comes any more is kept',
      against: { suite: 'reconnection-wedge' },
      killedBy: { check: /disconnected/ },
    },
    () => ({ sts: () => ({ serverLost: () => new Promise(() => {}) }) }),
  ),
];
