import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { faultKinds } from '../faults/index.ts';
import type { AnyFaultKind } from '../model/faults.ts';
import { addFaultArguments } from './fault-arguments.ts';

const slow = {
  key: 'network.slow',
  schema: z.strictObject({
    between: z.tuple([z.string(), z.string()]),
    latencyMs: z.number(),
    jitterMs: z.number().default(0),
    port: z.int().optional().describe('A port'),
    isHard: z.boolean().optional(),
    bitsPerSecond: z.number().optional(),
    towards: z.enum(['left', 'right']).optional(),
    kind: z.literal('x'),
  }),
} as unknown as AnyFaultKind; // arguments are read off the schema alone

const parse = (...argv: string[]) => parseAs(slow, ...argv);

function parseAs(kind: AnyFaultKind, ...argv: string[]): { input: unknown; help: string } {
  const command = new Command('slow').exitOverride().configureOutput({ writeErr: () => {} });
  const inputOf = addFaultArguments(command, kind);
  let input: unknown;
  command.action((...given) => {
    input = inputOf(given.slice(0, -2), given.at(-2));
  });
  command.parse(argv, { from: 'user' });
  return { input, help: command.helpInformation() };
}

describe('the command line of a kind of fault', () => {
  it('takes what it must be told in order, with units as suites write them', () => {
    expect(parse('a', 'b', '200ms').input).toEqual({ between: ['a', 'b'], latencyMs: 200, kind: 'x' });
  });

  it('takes what it may be told as options', () => {
    const { input } = parse(
      ...['a', 'b', '1s', '--jitter', '50ms', '--port', '80', '--is-hard', '--rate', '500kbit/s', '--towards', 'left'],
    );
    expect(input).toEqual({
      between: ['a', 'b'],
      latencyMs: 1_000,
      jitterMs: 50,
      port: 80,
      isHard: true,
      bitsPerSecond: 500_000,
      towards: 'left',
      kind: 'x',
    });
  });

  it('says what is expected instead', () => {
    expect(() => parse('a', 'b', '200')).toThrow(/duration with its unit/);
    expect(() => parse('a', 'b', '1s', '--port', 'web')).toThrow(/expected a number/);
    expect(() => parse('a', 'b', '1s', '--rate', '500')).toThrow(/bit rate with its unit/);
    expect(() => parse('a', 'b', '1s', '--towards', 'up')).toThrow(/Allowed choices are left, right/);
    expect(() => parse('a', 'b')).toThrow(/missing required argument 'latency'/);
  });

  it('shows all of it in its help', () => {
    const { help } = parse('a', 'b', '1s');
    expect(help).toContain('slow [options] <a> <b> <latency>');
    expect(help).toMatch(/--port <number> +a port/);
  });
});

describe('of faults of a kernel', () => {
  const kindOf = (key: string) => faultKinds.find((kind) => kind.key === key) as AnyFaultKind;

  it('takes shares as percentages, and all that is asked of packets as options', () => {
    const { input } = parseAs(
      kindOf('network.impair'),
      ...['relay', '--loss', '5%', '--latency', '100ms', '--rate', '2Mbit/s', '--protocol', 'udp', '--towards', 'in'],
    );
    expect(input).toEqual({
      ...{ service: 'relay', loss: 0.05, latencyMs: 100, bitsPerSecond: 2_000_000, protocol: 'udp', towards: 'in' },
    });
    expect(() => parseAs(kindOf('network.impair'), 'relay', '--loss', '5')).toThrow(/a percentage such as/);
  });

  it('takes memory as a size and processors as a number', () => {
    expect(parseAs(kindOf('limit.memory'), 'worker', '64MiB').input).toEqual({ service: 'worker', bytes: 67_108_864 });
    expect(parseAs(kindOf('limit.cpu'), 'worker', '0.25').input).toEqual({ service: 'worker', cpus: 0.25 });
    expect(() => parseAs(kindOf('limit.memory'), 'worker', '64')).toThrow(/a size with its unit/);
  });
});

// Whatever is added to the registry can be asked for by hand, and its help says what it does.
it.each(faultKinds.map((kind) => [kind.key, kind] as const))(
  '%s has a command line and says what it does',
  (_, kind) => {
    const command = new Command();
    addFaultArguments(command, kind);
    expect(kind.summary).toMatch(/^[A-Z].{10,}[^.]$/);
  },
);
