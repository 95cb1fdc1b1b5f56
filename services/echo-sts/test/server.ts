// An echo-sts in this process on a free port, with its log lines at hand.

import { afterEach, expect, vi } from 'vitest';
import { type App, createApp } from '../src/app.ts';
import { type Config, readConfig } from '../src/config.ts';
import { createLogger } from '../src/logging.ts';
import { type Client, connectClient } from './client.ts';

export interface TestServer {
  app: App;
  url: string;
  /** Every line logged so far, parsed. */
  logs: Record<string, unknown>[];
  connect(headers?: Record<string, string>): Promise<Client>;
  /** The value of one sample of /metrics, such as `sts_sessions` or `sts_errors_total{code="TIMEOUT"}`. */
  metric(sample: string): Promise<number | undefined>;
  /** Waits until that sample has the value. */
  metricBecomes(sample: string, value: number): Promise<void>;
}

const WAIT_MS = 10_000;
// Longer than any wait in it, so that a busy machine is not taken for a broken server.
vi.setConfig({ testTimeout: 3 * WAIT_MS });

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function startServer(
  env: Record<string, string> = {},
  options: { config?: Partial<Config>; random?: () => number } = {},
): Promise<TestServer> {
  const logs: Record<string, unknown>[] = [];
  const config = { ...readConfig({ ECHO_PORT: '0', ...env }), ...options.config };
  const logger = createLogger(config.logLevel, { write: (line) => logs.push(JSON.parse(line)) });
  const app = createApp(config, { logger, ...(options.random ? { random: options.random } : {}) });
  const { url } = await app.listen();
  cleanups.push(() => app.close());
  const metric = async (sample: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  return {
    app,
    url,
    logs,
    async connect(headers) {
      const client = await connectClient(url, headers);
      cleanups.push(() => client.close());
      return client;
    },
    metric,
    metricBecomes: (sample, value) => expect.poll(() => metric(sample), { timeout: WAIT_MS }).toBe(value),
  };
}
