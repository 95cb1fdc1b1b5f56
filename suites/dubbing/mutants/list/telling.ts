// Workers that do the right thing, and tell it wrongly in metrics or log.

import { withField } from '../defects/log-defects.ts';
import {
  add,
  rename,
  resetAt,
  setTo,
  stuckAtPeak,
  without,
  withoutComment,
  withType,
} from '../defects/metrics-defects.ts';
import type { Mutant, Taps } from '../mutant.ts';

const whole = { suite: 'full-pipeline' };

const worker = (mutant: Omit<Mutant, 'service' | 'make'>, make: () => Taps): Mutant => ({
  service: 'media-service',
  make,
  ...mutant,
});

const tells = (mutant: Pick<Mutant, 'name' | 'defect' | 'killedBy'>, make: () => Taps): Mutant =>
  worker({ against: { suite: 'metrics-contract' }, seconds: 35, ...mutant }, make);

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
      against: { suite: 'metrics-contract' },
      seconds: 20,
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
  tells(
    {
      name: 'counter-resets',
      defect: 'a counter falls back to zero without a restart',
      killedBy: { check: /counters never fall/ },
    },
    () => ({ metrics: resetAt('worker_audio_fragments_total{status="sent"}', 2) }),
  ),
  tells(
    {
      name: 'bucket-wrong',
      defect: 'one bucket of a histogram counts more than the next',
      killedBy: { check: /histograms consistent/ },
    },
    () => ({ metrics: add('worker_sts_rtt_ms_bucket{le="100"}', 5) }),
  ),
  tells(
    {
      name: 'histogram-count-wrong',
      defect: 'the count of a histogram is not that of its last bucket',
      killedBy: { check: /histograms consistent|valid Prometheus text/ },
    },
    () => ({ metrics: add('worker_sts_rtt_ms_count', 1) }),
  ),
  tells(
    {
      name: 'histogram-sum-wrong',
      defect: 'the sum of a histogram stays at zero',
      killedBy: { check: /histograms consistent/ },
    },
    () => ({ metrics: setTo('worker_sts_rtt_ms_sum', 0) }),
  ),
  tells(
    {
      name: 'type-missing',
      defect: 'a metric has no TYPE line',
      killedBy: { check: /worker_reconnection_total a counter/ },
    },
    () => ({ metrics: withoutComment('TYPE', 'worker_reconnection_total') }),
  ),
  tells(
    {
      name: 'type-wrong',
      defect: 'a gauge calls itself a counter',
      killedBy: { check: /worker_sts_breaker_state a gauge/ },
    },
    () => ({ metrics: withType('worker_sts_breaker_state', 'counter') }),
  ),
  tells(
    {
      name: 'help-missing',
      defect: 'a metric has no help text',
      killedBy: { check: /worker_inflight_fragments a gauge/ },
    },
    () => ({ metrics: withoutComment('HELP', 'worker_inflight_fragments') }),
  ),
  tells(
    {
      name: 'label-renamed',
      defect: 'a label has another name',
      killedBy: { check: /worker_backpressure_events_total a counter with/ },
    },
    () => ({
      metrics: rename(
        'worker_backpressure_events_total{action="pause"',
        'worker_backpressure_events_total{kind="pause"',
      ),
    }),
  ),
  tells(
    {
      name: 'label-missing',
      defect: 'a series has lost its label',
      killedBy: { check: /worker_fallback_total a counter with/ },
    },
    () => ({ metrics: rename('worker_fallback_total{reason="circuit_open"}', 'worker_fallback_total') }),
  ),
  tells(
    { name: 'metric-missing', defect: 'a metric is not there', killedBy: { check: /worker_sts_rtt_ms a histogram/ } },
    () => ({ metrics: without('worker_sts_rtt_ms') }),
  ),
  tells(
    {
      name: 'not-exposition-format',
      defect: 'the text is not valid exposition format',
      killedBy: { check: /valid Prometheus text/ },
    },
    () => ({ metrics: (text) => `${text}\nworker_uptime seconds 12\n` }),
  ),
  tells(
    {
      name: 'back-pressure-not-counted',
      defect: 'back-pressure is obeyed and not counted',
      killedBy: { check: /worker_backpressure_events_total\{action="slow_down"\}/ },
    },
    () => ({ metrics: setTo('worker_backpressure_events_total{action="slow_down"}', 0) }),
  ),
  tells(
    {
      name: 'reconnection-not-counted',
      defect: 'a reconnection is not counted',
      killedBy: { check: /worker_reconnection_total/ },
    },
    () => ({ metrics: setTo('worker_reconnection_total', 0) }),
  ),
  tells(
    {
      name: 'fallback-counted-under-another-reason',
      defect: 'what was lost with the connection is counted as an error',
      killedBy: { check: /worker_fallback_total\{reason="(disconnected|error)"\}/ },
    },
    () => ({
      metrics: (text) => {
        const lost = /^worker_fallback_total\{reason="disconnected"\} (\d+)$/m.exec(text)?.[1];
        return setTo(
          'worker_fallback_total{reason="disconnected"}',
          0,
        )(add('worker_fallback_total{reason="error"}', Number(lost ?? 0))(text));
      },
    }),
  ),
];
