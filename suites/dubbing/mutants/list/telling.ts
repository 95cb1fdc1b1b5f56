// Workers that do the right thing, and tell it wrongly in metrics or log.

import { withField } from '../defects/log-defects.ts';
import { add, setTo, stuckAtPeak } from '../defects/metrics-defects.ts';
import type { Mutant, Taps } from '../mutant.ts';

const whole = { suite: 'full-pipeline' };

const worker = (mutant: Omit<Mutant, 'service' | 'make'>, make: () => Taps): Mutant => ({
  service: 'media-service',
  make,
  ...mutant,
});

export const TELLING_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'in-flight-gauge-stuck',
      defect: 'the gauge of fragments in flight never falls',
      against: whole,
      seconds: 75,
      killedBy: { check: /worker_inflight_fragments of media-service: exactly 0/ },
    },
    () => ({ metrics: stuckAtPeak('worker_inflight_fragments') }),
  ),
  worker(
    {
      name: 'logs-an-error',
      defect: 'an ordinary event is logged at level error',
      against: whole,
      seconds: 15,
      killedBy: { check: /log of media-service with level/ },
    },
    () => ({ log: withField(/^publishing started$/, 'level', 'error') }),
  ),
  worker(
    {
      name: 'four-in-flight-by-the-gauge',
      defect: 'the gauge says 4 in flight',
      against: whole,
      seconds: 15,
      killedBy: { check: /worker_inflight_fragments of media-service: at most 3/ },
    },
    () => ({ metrics: add('worker_inflight_fragments', 4) }),
  ),
  worker(
    {
      name: 'processed-never-counted',
      defect: 'answered fragments are not counted',
      against: { suite: 'av-sync', case: 'after 0ms' },
      seconds: 75,
      killedBy: { check: /worker_audio_fragments_total\{status="processed"\}/ },
    },
    () => ({ metrics: setTo('worker_audio_fragments_total{status="processed"}', 0) }),
  ),
  worker(
    {
      name: 'sent-counted-twice',
      defect: 'a fragment is counted twice as sent',
      against: whole,
      seconds: 75,
      killedBy: { check: /worker_audio_fragments_total\{status="sent"\}/ },
    },
    () => {
      let calls = 0;
      const more = add('worker_audio_fragments_total{status="sent"}', 1);
      // Counted from zero at first: a metric that was always one too high has lost nothing.
      return { metrics: (text) => (calls++ > 40 ? more(text) : text) };
    },
  ),
  worker(
    {
      name: 'sync-histogram-too-high',
      defect: 'the worker says that its own output is out of sync',
      against: { suite: 'av-sync', case: 'after 0ms' },
      seconds: 45,
      killedBy: { check: /worker_av_sync_delta_ms/ },
    },
    () => {
      const small = ['1', '2', '5', '10', '15', '20', '30', '45', '60', '80', '100', '120'];
      return {
        metrics: (text) => small.reduce((all, le) => setTo(`worker_av_sync_delta_ms_bucket{le="${le}"}`, 0)(all), text),
      };
    },
  ),
  worker(
    {
      name: 'ingest-not-logged',
      defect: 'the beginning of the ingest is not logged in five seconds',
      against: whole,
      seconds: 20,
      killedBy: { check: /ingest started/ },
    },
    () => ({ log: withField(/^ingest started$/, 'msg', 'ingest began') }),
  ),
];
