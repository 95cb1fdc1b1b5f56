// Builds the service from its configuration: HTTP first, so that it is healthy at once, then the worker.

import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { WorkerFailure } from './exit-codes.ts';
import { buildHttpServer } from './http-server.ts';
import type { Log } from './logging.ts';
import { createMetrics } from './metrics.ts';
import type { Worker } from './worker.ts';

export interface App {
  /** `http://host:port` of /health and /metrics. */
  readonly url: string;
  /** Rejects with a `WorkerFailure` when the worker cannot go on; resolves after `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export async function startApp(config: Config, log: Log): Promise<App> {
  const metrics = createMetrics();
  const server = buildHttpServer(metrics, config.streamId);
  let url: string;
  try {
    url = await server.listen({ host: config.host, port: config.port });
  } catch (cause) {
    throw new WorkerFailure(
      'port-taken',
      `cannot listen on ${config.host}:${config.port}: ${(cause as Error).message}`,
    );
  }
  log.info({ url }, 'listening');
  // Socket.IO and execa take longer to load than everything before them together.
  const { startWorker } = await import('./worker.ts');
  const worker: Worker = startWorker({ config, clock: systemClock, log, metrics });
  return {
    url,
    ended: worker.ended,
    async stop() {
      await Promise.all([worker.stop(), server.close()]);
    },
  };
}
