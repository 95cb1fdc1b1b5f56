import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  checkNetworkFields,
  describeBitrate,
  describeTarget,
  linkFaultSchemas,
  networkFault,
  networkFields,
} from './network-fault.ts';

const schema = z.strictObject(networkFields).superRefine((fields, context) => checkNetworkFields(fields, context));
const between = ['worker', 'server'];
const problems = (input: Record<string, unknown>) =>
  schema.safeParse({ between, ...input }).error?.issues.map(({ message }) => message) ?? [];

test.each([
  [
    { latency: '200ms', jitter: '50ms', towards: 'server' },
    'network.latency',
    { latencyMs: 200, jitterMs: 50, towards: 'server' },
  ],
  [{ latency: '1s' }, 'network.latency', { latencyMs: 1000, jitterMs: 0 }],
  [{ bandwidth: '500kbit/s' }, 'network.bandwidth', { bitsPerSecond: 500_000 }],
  [{ bandwidth: '1.5Mbit/s', port: 8080 }, 'network.bandwidth', { bitsPerSecond: 1_500_000, port: 8080 }],
  [{ cut: true }, 'network.cut', {}],
  [{ reset: true }, 'network.reset', {}],
  [{ wedge: true, towards: 'worker' }, 'network.wedge', { towards: 'worker' }],
  [{ 'slow-close': '2s' }, 'network.slow-close', { delayMs: 2000 }],
])('%j asks for %s', (written, key, input) => {
  const fault = networkFault(schema.parse({ between, ...written }));
  expect(fault.key).toBe(key);
  expect(fault.input).toEqual({ between, ...input });
  expect(linkFaultSchemas[fault.key].safeParse(fault.input).success).toBe(true);
});

test.each([
  [{}, 'says what happens to the link'],
  [{ cut: true, wedge: true }, 'write two steps'],
  [{ latency: '200ms', towards: 'nobody' }, 'one of worker and server'],
  [{ latency: '200' }, 'a duration with its unit'],
  [{ latency: '1ms' }, 'from 10ms to 1m'],
  [{ jitter: '20ms', cut: true }, '`jitter` goes with `latency`'],
  [{ latency: '20ms', jitter: '30ms' }, 'at most the latency'],
  [{ bandwidth: '500kbps' }, 'a bit rate with its unit'],
  [{ bandwidth: '5kbit/s' }, 'from 8kbit/s to 10Gbit/s'],
  [{ cut: true, towards: 'server' }, 'always of both directions'],
  [{ between: ['worker', 'worker'], cut: true }, 'two different ends'],
])('%j is refused: %s', (written, message) => {
  expect(problems(written).join('\n')).toContain(message);
});

test('targets and rates in words', () => {
  expect(describeTarget({ between: ['a', 'b'] })).toBe('a ↔ b');
  expect(describeTarget({ between: ['a', 'b'], towards: 'a', port: 80 })).toBe('b → a (port 80)');
  expect(describeBitrate(500_000)).toBe('500kbit/s');
  expect(describeBitrate(2_500_000)).toBe('2.5Mbit/s');
});
