// The true pipeline through each wrapper, nothing changed: every suite must stay green, or a kill would prove nothing.

import type { Taps, Trial } from '../mutant.ts';

/** Everything that can be around the worker at once, but for its output: a refused output would be refused to the wrapper. */
const around = (): Taps => ({
  sts: () => ({}),
  metrics: (text) => text,
  log: (line) => line,
  exitCode: (code) => code,
  preload: 'preload/timers.ts',
});
const output = (): Taps => ({ output: () => (tag) => [tag] });
const server = (): Taps => ({ sts: () => ({}), metrics: (text) => text, log: (line) => line });

const trial = (
  name: string,
  against: Trial['against'],
  seconds: number,
  make: Trial['make'],
  service: Trial['service'] = 'media-service',
): Trial => {
  const what = make === output ? 'the output' : 'conversation, metrics, log, timers and exit code';
  return { name: `true-${name}`, defect: `none: ${what} of ${service} as they are`, service, against, seconds, make };
};

export const TRUE_PIPELINE: Trial[] = [
  trial('full-pipeline', { suite: 'full-pipeline' }, 75, around),
  trial('full-pipeline-output', { suite: 'full-pipeline' }, 75, output),
  trial('av-sync-output', { suite: 'av-sync', case: 'after 500ms' }, 45, output),
  trial('circuit-breaker', { suite: 'circuit-breaker' }, 130, around),
  trial('circuit-breaker-failures', { suite: 'circuit-breaker-failures' }, 180, around),
  trial('circuit-breaker-recovery', { suite: 'circuit-breaker-recovery' }, 90, around),
  trial('backpressure', { suite: 'backpressure' }, 150, around),
  trial('fragment-tracker', { suite: 'fragment-tracker' }, 110, around),
  trial('fragment-tracker-server', { suite: 'fragment-tracker', case: 'answers after' }, 50, server, 'echo-sts'),
  trial('metrics-contract', { suite: 'metrics-contract' }, 35, around),
  trial('edge-cases', { suite: 'edge-cases' }, 170, around),
  trial('edge-cases-output', { suite: 'edge-cases', case: 'begins again at timestamp 0' }, 75, output),
  trial('edge-cases-short-output', { suite: 'edge-cases', case: 'nothing can be dubbed' }, 30, output),
  trial('edge-cases-audio', { suite: 'edge-cases-audio' }, 110, around),
  trial('edge-cases-no-source', { suite: 'edge-cases-no-source' }, 30, around),
  trial('reconnection', { suite: 'reconnection' }, 170, around),
  trial('reconnection-wedge', { suite: 'reconnection-wedge' }, 100, around),
  trial('reconnection-causes', { suite: 'reconnection-causes' }, 90, around),
  trial('reconnection-causes-output', { suite: 'reconnection-causes', case: 'closes the connection' }, 45, output),
];
