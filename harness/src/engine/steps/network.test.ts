// What `network` takes in each of its forms, which fault that is, and what it says to what does not fit.

import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { SchemaShapes } from '../../model/kinds.ts';
import type { CaseContext } from '../../model/ports.ts';
import type { StepNode } from '../../model/suite.ts';
import { limitStep } from './limit.ts';
import { networkStep } from './network.ts';

const shapes = {} as SchemaShapes; // it holds no checks or steps
const schema: z.ZodType = networkStep.schema(shapes);
const problems = (input: unknown, of: z.ZodType = schema): string[] =>
  of.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

/** The faults that running the step asks for. */
async function faultsOf(step: typeof networkStep | typeof limitStep, written: unknown): Promise<unknown[]> {
  const asked: unknown[] = [];
  const context = {
    progress: () => {},
    faults: {
      inject: async (key: string, input: unknown) => {
        asked.push([key, JSON.parse(JSON.stringify(input))]);
        return { title: key, injectedAtMs: 0, revert: async () => {} };
      },
    },
    clock: { nowMs: () => 0, delay: async () => {} },
    undo: { push: () => async () => {} },
    justBroken: {},
  } as unknown as CaseContext; // all that holding a fault asks for
  const input = (step.schema(shapes) as z.ZodType).parse(written);
  await step.run(input as never, context, {} as StepNode); // its place is not looked at
  return asked;
}

describe('network: { on }', () => {
  it('asks for all effects in one fault', async () => {
    const written = {
      ...{ on: 'relay', with: 'worker', protocol: 'udp', port: 5004, towards: 'in' },
      ...{ loss: '5%', latency: '100ms', jitter: '20ms', duplicate: '1%', reorder: '2%', bandwidth: '2Mbit/s' },
    };
    expect(await faultsOf(networkStep, written)).toEqual([
      [
        'network.impair',
        {
          ...{ service: 'relay', with: 'worker', protocol: 'udp', port: 5004, towards: 'in', loss: 0.05 },
          ...{ latencyMs: 100, jitterMs: 20, duplicate: 0.01, reorder: 0.02, bitsPerSecond: 2_000_000 },
        },
      ],
    ]);
  });

  it('needs containers, and names its services for validate', () => {
    const input = schema.parse({ on: 'relay', with: 'worker', loss: '5%' }) as never;
    expect(networkStep.needs?.(input)).toBe('containers');
    expect(networkStep.links?.(input)).toEqual([]);
    expect(networkStep.uses?.(input)).toEqual([
      { kind: 'service', name: 'relay', path: ['on'] },
      { kind: 'service', name: 'worker', path: ['with'] },
    ]);
    expect(networkStep.describe(input)).toBe('lose 5% of relay’s packets with worker');
  });

  it.each([
    [{ on: 'relay' }, ': says what happens to the packets: one or more of loss, latency, jitter'],
    [{ on: 'relay', loss: '0%' }, 'loss: from 0.5% to 100%'],
    [{ on: 'relay', loss: '101%' }, 'loss: from 0.5% to 100%'],
    [{ on: 'relay', loss: 5 }, 'loss: a percentage such as 95% (got 5)'],
    [{ on: 'relay', reorder: '80%' }, 'reorder: from 0.5% to 50%'],
    [{ on: 'relay', latency: '20s' }, 'latency: from 10ms to 10s'],
    [{ on: 'relay', jitter: '20ms' }, 'jitter: `jitter` goes with `latency`'],
    [{ on: 'relay', latency: '20ms', jitter: '30ms' }, 'jitter: from 5ms to the latency'],
    [{ on: 'relay', bandwidth: '8kbit/s' }, 'bandwidth: from 64kbit/s to 100Mbit/s'],
    [{ on: 'relay', loss: '5%', towards: 'worker' }, 'towards: `in` (what the service receives) or `out`'],
    [{ on: 'relay', loss: '5%', with: 'relay' }, 'with: another service than `on`'],
    [{ on: 'relay', cut: true }, 'cut: `cut` goes with `between`'],
    [{ on: 'relay', between: ['a', 'b'], loss: '5%' }, ': says where: one of `between: [a, b]`'],
  ])('refuses %j', (input, message) => {
    expect(problems(input)).toContainEqual(expect.stringContaining(message));
  });
});

describe('network: { disconnect }', () => {
  it('takes a service off its networks, and needs containers for that', async () => {
    expect(await faultsOf(networkStep, { disconnect: 'speech', for: '5s' })).toEqual([
      ['network.unplug', { service: 'speech' }],
    ]);
    const input = schema.parse({ disconnect: 'speech' }) as never;
    expect(networkStep.needs?.(input)).toBe('containers');
  });

  it('takes nothing else', () => {
    expect(problems({ disconnect: 'speech', loss: '5%' })).toEqual(['loss: `loss` goes with `on`']);
  });
});

describe('network: { between }', () => {
  it('is of TCP links, as ever, and needs no containers', async () => {
    const between = ['worker', 'speech'];
    expect(await faultsOf(networkStep, { between, cut: true })).toEqual([['network.cut', { between }]]);
    const input = schema.parse({ between, cut: true }) as never;
    expect(networkStep.needs?.(input)).toBeUndefined();
    expect(networkStep.links?.(input)).toEqual([{ between }]);
  });

  it.each([
    [{ loss: '5%' }, 'loss: `loss` goes with `on`'],
    [{ protocol: 'udp', cut: true }, 'protocol: `protocol` goes with `on`'],
    [{ latency: '200ms', towards: 'in' }, 'towards: one of worker and speech'],
    [{}, ': says what happens to the link: one of latency, bandwidth'],
    [{ reset: true, for: '5s' }, 'for: a `reset` is over in a moment'],
  ])('refuses %j', (input, message) => {
    expect(problems({ between: ['worker', 'speech'], ...input })).toContainEqual(expect.stringContaining(message));
  });

  it('says which forms there are', () => {
    expect(problems({ latency: '200ms' })[0]).toContain('`on: service` (its packets), `disconnect: service`');
  });
});

describe('limit', () => {
  it('asks for memory and processors', async () => {
    expect(await faultsOf(limitStep, { service: 'worker', memory: '64MiB', cpu: 0.25 })).toEqual([
      ['limit.memory', { service: 'worker', bytes: 64 * 1024 ** 2 }],
      ['limit.cpu', { service: 'worker', cpus: 0.25 }],
    ]);
    expect(limitStep.needs?.({ service: 'worker', cpu: 1 })).toBe('containers');
  });

  it.each([
    [{ service: 'worker' }, ': says what it is limited to: `memory`, `cpu` or both'],
    [{ service: 'worker', memory: '64' }, 'memory: a size with its unit, such as 64MiB or 1GB (got "64")'],
    [{ service: 'worker', memory: '1MiB' }, 'memory: from 6MiB to 1024GiB'],
    [{ service: 'worker', cpu: 0 }, 'cpu: from 0.01 to 256 processors'],
  ])('refuses %j', (input, message) => {
    expect(problems(input, limitStep.schema(shapes))).toEqual([message]);
  });
});
