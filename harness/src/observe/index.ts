// The door of observation: sampled metrics, kept logs, and the clients that ask services.

export { createHttpClient } from './http-client.ts';
export { createLogStore, type LogStore, type LogStoreOptions } from './log-store.ts';
export { createMetricSampler, type MetricSampler, type MetricSamplerOptions } from './metric-sampler.ts';
export { createSocketClient } from './socket-client.ts';
export { storedObservations } from './stored-observations.ts';
