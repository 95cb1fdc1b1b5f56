// Every kind of check.

export { httpCheck } from './http.ts';
export { logCheck } from './log/log.ts';
export { metricCheck } from './metric/metric.ts';
export { metricsCheck } from './metrics/metrics.ts';
export { recordingCheck } from './recording/recording.ts';
export { serviceCheck } from './service.ts';
export { streamCheck } from './stream.ts';
