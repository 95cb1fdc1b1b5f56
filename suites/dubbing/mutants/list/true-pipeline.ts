// The true pipeline through each wrapper, nothing changed: every suite must stay green, or a kill would prove nothing.

import type { Taps, Trial } from '../mutant.ts';

const worker = 'media-service';

const everything = (): Taps => ({
  sts: () => ({}),
  metrics: (text) => text,
  log: (line) => line,
  exitCode: (code) => code,
});

export const TRUE_PIPELINE: Trial[] = [
  {
    name: 'true-output',
    defect: 'none: the output is carried on as it is',
    service: worker,
    against: { suite: 'full-pipeline' },
    seconds: 75,
    make: () => ({ output: () => (tag) => [tag] }),
  },
  {
    name: 'true-output-sync',
    defect: 'none: the output is carried on as it is',
    service: worker,
    against: { suite: 'av-sync', case: 'after 500ms' },
    seconds: 45,
    make: () => ({ output: () => (tag) => [tag] }),
  },
  {
    name: 'true-everything',
    defect: 'none: STS, metrics and log are carried on as they are',
    service: worker,
    against: { suite: 'circuit-breaker' },
    seconds: 130,
    make: everything,
  },
  {
    name: 'true-metrics',
    defect: 'none: STS, metrics and log are carried on as they are',
    service: worker,
    against: { suite: 'metrics-contract' },
    seconds: 35,
    make: everything,
  },
];
