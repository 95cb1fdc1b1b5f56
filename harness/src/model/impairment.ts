// What a suite says about a bad network at a service, and the fault that it means: `network: { on: relay, loss: 5%, protocol: udp }`.

import { z } from 'zod';
import { formatDurationMs } from '../base/duration.ts';
import { percentField } from './fields.ts';
import { describeBitrate } from './network-fault.ts';

/** Which packets: those of a service, or only some of them. */
export interface ImpairedTraffic {
  service: string;
  /** Only packets to and from this service. */
  with?: string | undefined;
  /** `in`: only what the service receives; `out`: only what it sends. Default: both. */
  towards?: 'in' | 'out' | undefined;
  protocol?: 'udp' | 'tcp' | undefined;
  /** Of either end. */
  port?: number | undefined;
}

/** Shares are parts of 1. At least one effect. */
export interface Impairment extends ImpairedTraffic {
  loss?: number | undefined;
  latencyMs?: number | undefined;
  jitterMs?: number | undefined;
  duplicate?: number | undefined;
  reorder?: number | undefined;
  bitsPerSecond?: number | undefined;
}

export const IMPAIR = 'network.impair';

export const EFFECTS = ['loss', 'latency', 'jitter', 'duplicate', 'reorder', 'bandwidth'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Rarer than this cannot be told from nothing within some seconds. */
const LEAST_SHARE = 0.005;
/** Less cannot be told from the machine's own delays. */
const LEAST_LATENCY_MS = 10;
const LEAST_JITTER_MS = 5;
const MOST_MS = 10_000;
/** Below, not even the packets that prove it fit; above, no program on the machine itself could show it. */
const LEAST_BITS_PER_SECOND = 64_000;
const MOST_BITS_PER_SECOND = 100_000_000;

const percent = (part: number): string => `${Number((part * 100).toFixed(2))}%`;
const name = z.string().min(1);
const share = (what: string, most: number) =>
  percentField
    .refine((part) => part >= LEAST_SHARE && part <= most, {
      error: `from ${percent(LEAST_SHARE)} to ${percent(most)}`,
    })
    .optional()
    .describe(what);
const MOST_SHARE = { loss: 1, duplicate: 1, reorder: 0.5 } as const;

/** The fields of the `network` step that go with `on` only. */
export const impairmentFields = {
  on: name
    .optional()
    .describe(
      'Instead of `between`: the service whose network interface is meant, for packets of any protocol. Needs a kernel’s help: not on the embedded runtime',
    ),
  with: name
    .optional()
    .describe('With `on`: only packets between it and this service. Default: all, Testcard’s own included'),
  protocol: z
    .enum(['udp', 'tcp'])
    .optional()
    .describe('With `on`: only packets of this protocol. Default: all of IPv4'),
  loss: share('With `on`: that share of packets is lost, at random: 5%', MOST_SHARE.loss),
  duplicate: share('With `on`: that share of packets arrives twice', MOST_SHARE.duplicate),
  reorder: share(
    'With `on`: that share of packets arrives out of turn: at once with `latency`, held back for a moment without',
    MOST_SHARE.reorder,
  ),
};
const fieldsSchema = z.strictObject({ ...impairmentFields, on: name });
type OwnFields = z.output<typeof fieldsSchema>;

/** With those that it shares with a link: milliseconds and bits a second. */
export interface ImpairmentFields extends OwnFields {
  port?: number | undefined;
  towards?: string | undefined;
  latency?: number | undefined;
  jitter?: number | undefined;
  bandwidth?: number | undefined;
}

/** For `superRefine` of the schema that the fields stand in. */
export function checkImpairment(
  fields: ImpairmentFields,
  context: { addIssue(issue: { code: 'custom'; message: string; path?: string[] }): void },
): void {
  const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path });
  const { on, latency, jitter, bandwidth, towards } = fields;
  if (EFFECTS.every((effect) => fields[effect] === undefined)) {
    refuse(`says what happens to the packets: one or more of ${EFFECTS.join(', ')}`);
  }
  if (fields.with === on) refuse('another service than `on`', 'with');
  if (towards !== undefined && towards !== 'in' && towards !== 'out') {
    refuse('`in` (what the service receives) or `out` (what it sends)', 'towards');
  }
  if (latency !== undefined && (latency < LEAST_LATENCY_MS || latency > MOST_MS)) {
    refuse(`from ${formatDurationMs(LEAST_LATENCY_MS)} to ${formatDurationMs(MOST_MS)}`, 'latency');
  }
  if (jitter !== undefined && latency === undefined) refuse('`jitter` goes with `latency`', 'jitter');
  else if (jitter !== undefined && (jitter < LEAST_JITTER_MS || jitter > (latency ?? 0))) {
    refuse(`from ${formatDurationMs(LEAST_JITTER_MS)} to the latency`, 'jitter');
  }
  if (bandwidth !== undefined && (bandwidth < LEAST_BITS_PER_SECOND || bandwidth > MOST_BITS_PER_SECOND)) {
    refuse(`from ${describeBitrate(LEAST_BITS_PER_SECOND)} to ${describeBitrate(MOST_BITS_PER_SECOND)}`, 'bandwidth');
  }
}

/** The fault that checked fields ask for. */
export function impairmentOf(fields: ImpairmentFields): Impairment {
  const { on, latency, jitter, bandwidth, protocol, port, loss, duplicate, reorder } = fields;
  const towards = fields.towards === 'in' || fields.towards === 'out' ? fields.towards : undefined;
  return {
    ...{ service: on, with: fields.with, towards, protocol, port, loss, duplicate, reorder },
    ...{ latencyMs: latency, jitterMs: jitter, bitsPerSecond: bandwidth },
  };
}

const percentNumber = (what: string, most: number) =>
  z.number().min(LEAST_SHARE).max(most).optional().describe(what).meta({ unit: '%' });

/** What the fault takes, in plain numbers. */
export const impairmentSchema: z.ZodType<Impairment> = z
  .strictObject({
    service: name.describe('The service whose network interface is meant'),
    with: name.optional().describe('Only packets between it and this service'),
    towards: z
      .enum(['in', 'out'])
      .optional()
      .describe('Only what the service receives (in) or sends (out); default: both'),
    protocol: z.enum(['udp', 'tcp']).optional().describe('Only packets of this protocol'),
    port: z.int().min(1).max(65_535).optional().describe('Only packets from or to this port, of either end'),
    loss: percentNumber('That share of packets is lost', MOST_SHARE.loss),
    latencyMs: z
      .number()
      .min(LEAST_LATENCY_MS)
      .max(MOST_MS)
      .optional()
      .describe('Every packet arrives this much later'),
    jitterMs: z
      .number()
      .min(LEAST_JITTER_MS)
      .max(MOST_MS)
      .optional()
      .describe('The latency varies by up to this much, more and less'),
    duplicate: percentNumber('That share of packets arrives twice', MOST_SHARE.duplicate),
    reorder: percentNumber('That share of packets arrives out of turn', MOST_SHARE.reorder),
    bitsPerSecond: z
      .number()
      .min(LEAST_BITS_PER_SECOND)
      .max(MOST_BITS_PER_SECOND)
      .optional()
      .describe('At most this bit rate, such as 500kbit/s or 2Mbit/s'),
  })
  .superRefine(({ service, latencyMs, jitterMs, ...rest }, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const { loss, duplicate, reorder, bitsPerSecond } = rest;
    if ([loss, latencyMs, duplicate, reorder, bitsPerSecond].every((each) => each === undefined)) {
      refuse('say what happens to the packets: a loss, a latency, a rate …');
    }
    if (rest.with === service) refuse('`with` names another service');
    if (jitterMs !== undefined && jitterMs > (latencyMs ?? 0)) refuse('the jitter is at most the latency');
  });

/** `lose 5%, delay by 100ms ± 20ms`. */
export function describeEffects({ loss, latencyMs, jitterMs, duplicate, reorder, bitsPerSecond }: Impairment): string {
  const words = [
    loss === undefined ? [] : `lose ${percent(loss)}`,
    latencyMs === undefined
      ? []
      : `delay by ${formatDurationMs(latencyMs)}${jitterMs === undefined ? '' : ` ± ${formatDurationMs(jitterMs)}`}`,
    duplicate === undefined ? [] : `duplicate ${percent(duplicate)}`,
    reorder === undefined ? [] : `reorder ${percent(reorder)}`,
    bitsPerSecond === undefined ? [] : `limit to ${describeBitrate(bitsPerSecond)}`,
  ];
  return words.flat().join(', ');
}

/** `of what relay receives by UDP on port 5004 from worker`. */
export function describeTraffic({ service, with: peer, towards, protocol, port }: ImpairedTraffic): string {
  const whose =
    towards === undefined ? `${service}’s packets` : `what ${service} ${towards === 'in' ? 'receives' : 'sends'}`;
  return [
    `of ${whose}`,
    ...(protocol === undefined ? [] : [`by ${protocol.toUpperCase()}`]),
    ...(port === undefined ? [] : [`on port ${port}`]),
    ...(peer === undefined ? [] : [`${towards === 'in' ? 'from' : towards === 'out' ? 'to' : 'with'} ${peer}`]),
  ].join(' ');
}

export const describeImpairment = (impairment: Impairment): string =>
  `${describeEffects(impairment)} ${describeTraffic(impairment)}`;
