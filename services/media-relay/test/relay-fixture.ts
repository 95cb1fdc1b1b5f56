// A relay inside the test process, on free ports, with its log kept for assertions.

import { createRelay, type MediaRelay, type RelayAddresses } from '../src/app.ts';
import { type RelayConfig, readConfig } from '../src/config.ts';
import type { Log, LogFields } from '../src/core/log.ts';
import { until } from './until.ts';

export interface LogLine extends LogFields {
  level: keyof Log;
  message: string;
}

export interface RunningRelay extends RelayAddresses {
  relay: MediaRelay;
  lines: LogLine[];
  rtspUrl(path: string): string;
  rtmpUrl(path: string): string;
  /** Resolves once this many readers wait for a publisher. */
  waitingReaders(count: number): Promise<void>;
  api(path: string): Promise<{ status: number; body: unknown }>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRelay(settings: Partial<RelayConfig> = {}): Promise<RunningRelay> {
  const lines: LogLine[] = [];
  const record = (level: keyof Log) => (fields: LogFields, message: string) => {
    lines.push({ ...fields, level, message });
  };
  const log: Log = { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') };
  const config = { ...readConfig({}), rtspPort: 0, rtmpPort: 0, apiPort: 0, ...settings };
  const relay = createRelay(config, log);
  const addresses = await relay.listen();
  return {
    relay,
    lines,
    ...addresses,
    rtspUrl: (path) => `rtsp://127.0.0.1:${addresses.rtspPort}/${path}`,
    rtmpUrl: (path) => `rtmp://127.0.0.1:${addresses.rtmpPort}/${path}`,
    waitingReaders: (count) =>
      until(`${count} waiting readers`, async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${addresses.apiPort}/metrics`)).text();
        return metrics.includes(`waiting_readers ${count}\n`);
      }),
    async api(path) {
      const response = await fetch(`http://127.0.0.1:${addresses.apiPort}${path}`);
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: () => relay.close(),
  };
}
