// Prometheus samples of a service: the latest value, how much a counter increased, how fast, or a quantile of a histogram.

import { TestcardError } from '../../model/errors.ts';
import type { CheckKind } from '../../model/kinds.ts';
import { formatSelector } from '../../model/metrics/index.ts';
import { describeDemand, type MetricInput, metricSchema } from './demand.ts';
import { judgeMetric, judgeMetricAlways } from './judgement.ts';
import type { MetricObservation } from './no-data.ts';

export const metricCheck: CheckKind<MetricInput, MetricObservation> = {
  key: 'metric',
  docs: {
    summary:
      'Prometheus samples of a service. Without `increases-by`, `rate` or `quantile` it is the latest value (in `throughout`: every sample). Series that match the selector are added up. A counter that restarts from zero goes on counting. A series that is missing makes the check inconclusive and names the nearest ones, unless `or: 0` is given. `increases-by: 10` means exactly 10, so a wait for it ends as soon as it is exceeded; write `{ at-least: 10 }` for no upper bound.',
    example:
      '- expect:\n    - metric: jobs_total{status="done"}\n      of: worker\n      increases-by: { at-least: 1 }\n    - metric: request_ms\n      of: worker\n      quantile: 0.95\n      below: 120',
  },
  schema: metricSchema,
  describe: (input) => `metric ${formatSelector(input.metric)} of ${input.of}: ${describeDemand(input)}`,
  uses: ({ of }) => [{ kind: 'metrics-of', name: of, path: ['of'] }],
  async observe({ of }, ports, window, signal) {
    let problem: MetricObservation['problem'];
    if (window.toMs === undefined) {
      try {
        await ports.metrics.scrape(of, signal);
      } catch (error) {
        // What was sampled before may still decide: a promise that was broken stays broken when the service has gone.
        if (signal.aborted || !(error instanceof TestcardError) || error.kind !== 'inconclusive') throw error;
        problem = { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      }
    }
    return {
      fromMs: window.fromMs,
      ...(window.heldSinceMs === undefined ? {} : { heldSinceMs: window.heldSinceMs }),
      scrapes: ports.metrics.history(of, window),
      ...(problem === undefined ? {} : { problem, state: ports.services.status(of).state }),
    };
  },
  judge: judgeMetric,
  judgeContinuously: judgeMetricAlways,
};
