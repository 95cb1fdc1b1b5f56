import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

describe('the environment', () => {
  it('has these defaults', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8_080,
      processingDelayMs: 0,
      maxSessions: 100,
      backPressure: { enabled: false, thresholds: { low: 0.5, medium: 0.7, high: 0.9 } },
      maxPayloadBytes: 52_428_800,
      pingIntervalMs: 25_000,
      pingTimeoutMs: 10_000,
      autoDisconnectDelayMs: 5_000,
      logLevel: 'info',
    });
  });

  it('sets every part', () => {
    expect(
      readConfig({
        ECHO_HOST: '0.0.0.0',
        ECHO_PORT: '9000',
        ECHO_PROCESSING_DELAY_MS: '500',
        ECHO_MAX_SESSIONS: '12',
        BACKPRESSURE_ENABLED: 'TRUE',
        BACKPRESSURE_THRESHOLD_LOW: '0.4',
        BACKPRESSURE_THRESHOLD_MEDIUM: '0.6',
        BACKPRESSURE_THRESHOLD_HIGH: '0.8',
        WS_MAX_BUFFER_SIZE: '1048576',
        WS_PING_INTERVAL: '5',
        WS_PING_TIMEOUT: '2500ms',
        AUTO_DISCONNECT_DELAY: '0.5',
        LOG_LEVEL: 'WARNING',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 9_000,
      processingDelayMs: 500,
      maxSessions: 12,
      backPressure: { enabled: true, thresholds: { low: 0.4, medium: 0.6, high: 0.8 } },
      maxPayloadBytes: 1_048_576,
      pingIntervalMs: 5_000,
      pingTimeoutMs: 2_500,
      autoDisconnectDelayMs: 500,
      logLevel: 'warn',
    });
  });

  it('takes the port allocated for 8080 before ECHO_PORT, and empty variables as absent', () => {
    expect(readConfig({ ECHO_PORT: '8080', PORT_8080: '34567' }).port).toBe(34_567);
    expect(readConfig({ ECHO_PORT: '9000', PORT_8080: '' }).port).toBe(9_000);
  });

  it('names every variable that is wrong', () => {
    const env = { ECHO_PORT: '99999', BACKPRESSURE_ENABLED: 'perhaps', WS_PING_INTERVAL: 'often', LOG_LEVEL: 'loud' };
    expect(() => readConfig(env)).toThrow(/ECHO_PORT: .*\n(.*\n)*.*LOG_LEVEL: /);
    expect(() => readConfig(env)).toThrow(/BACKPRESSURE_ENABLED/);
    expect(() => readConfig(env)).toThrow(/WS_PING_INTERVAL: expected seconds, or a duration/);
  });

  it('refuses thresholds that are out of order', () => {
    expect(() => readConfig({ BACKPRESSURE_THRESHOLD_LOW: '0.95' })).toThrow(/LOW ≤ MEDIUM ≤ HIGH/);
  });

  it('is described in the README, every variable of it', () => {
    const source = readFileSync(new URL('../src/config.ts', import.meta.url), 'utf8');
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const names = [...source.matchAll(/^ {4}([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(12);
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
