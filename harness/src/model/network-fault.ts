// What a suite says about a broken link, and the fault that it means: `network: { between: [a, b], latency: 200ms, towards: b }`.

import { z } from 'zod';
import { formatDurationMs } from '../base/duration.ts';
import type { LinkUse } from './environment.ts';
import { durationField } from './fields.ts';

/** Which link, and towards which of its ends. */
export interface LinkTarget {
  between: [string, string];
  /** Container port; default: every link between the two. */
  port?: number | undefined;
  /** One of `between`: only bytes on their way to it are affected. Default: both directions. */
  towards?: string | undefined;
}

/** The ways to break a link, by the key of the fault, with what each takes. */
export interface LinkFaultInputs {
  'network.latency': LinkTarget & { latencyMs: number; jitterMs: number };
  'network.bandwidth': LinkTarget & { bitsPerSecond: number };
  'network.cut': LinkTarget;
  'network.reset': LinkTarget;
  'network.wedge': LinkTarget;
  'network.slow-close': LinkTarget & { delayMs: number };
}

/** A fault to ask of a FaultsPort. */
export type NetworkFault = {
  [K in keyof LinkFaultInputs]: { key: K; input: LinkFaultInputs[K] };
}[keyof LinkFaultInputs];

/** Less cannot be told from the machine's own delays. */
const LEAST_MS = 10;
const MOST_MS = 60_000;
/** The proxy counts in whole kilobytes a second. */
const LEAST_BITS_PER_SECOND = 8_000;
const MOST_BITS_PER_SECOND = 10_000_000_000;

const RATE = /^(\d+(?:\.\d+)?)(|k|M|G)bit\/s$/;
const FACTORS: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** `500kbit/s`, `2Mbit/s` → bits a second. */
export const bitrateField = z
  .string({
    error: (issue) => `a bit rate with its unit, such as 500kbit/s or 2Mbit/s (got ${JSON.stringify(issue.input)})`,
  })
  .regex(RATE, {
    error: (issue) => `a bit rate with its unit, such as 500kbit/s or 2Mbit/s (got ${JSON.stringify(issue.input)})`,
  })
  .transform((text) => {
    const [, amount = '0', prefix = ''] = RATE.exec(text) ?? [];
    return Number(amount) * (FACTORS[prefix] ?? 1);
  });

export const describeBitrate = (bitsPerSecond: number): string => {
  const [size, unit] = (
    [
      [1e9, 'Gbit/s'],
      [1e6, 'Mbit/s'],
      [1e3, 'kbit/s'],
    ] as const
  ).find(([least]) => bitsPerSecond >= least) ?? [1, 'bit/s'];
  return `${Number((bitsPerSecond / size).toFixed(3))}${unit}`;
};

const end = z.string().min(1);
const portNumber = z.int().min(1).max(65_535);
const delayField = durationField.refine((ms) => ms >= LEAST_MS && ms <= MOST_MS, {
  error: `from ${formatDurationMs(LEAST_MS)} to ${formatDurationMs(MOST_MS)}`,
});

/** The fields of the `network` step, without `for`. Check them with `checkNetworkFields`. */
export const networkFields = {
  between: z
    .tuple([end, end])
    .describe('The two ends of the link: services, the name of a publisher or recording, or `testcard`'),
  port: portNumber.optional().describe('Container port of the server; default: every TCP link between the two'),
  towards: end
    .optional()
    .describe('One of the two ends: only bytes on their way to it are affected. Default: both directions'),
  latency: delayField.optional().describe('Every byte arrives this much later'),
  jitter: durationField.optional().describe('With `latency`: which varies by up to this much, more and less'),
  bandwidth: bitrateField.optional().describe('At most this rate, in each direction: 500kbit/s, 2Mbit/s'),
  cut: z.literal(true).optional().describe('Connections are reset, new ones are refused'),
  reset: z.literal(true).optional().describe('Connections are reset, once; new ones are as before'),
  wedge: z
    .literal(true)
    .optional()
    .describe('Bytes are swallowed without a word; connections stay. They are closed when it ends'),
  'slow-close': delayField.optional().describe('The end of a connection arrives this much later'),
};
const fieldsSchema = z.strictObject(networkFields);
export type NetworkFields = z.output<typeof fieldsSchema>;

const EFFECTS = ['latency', 'bandwidth', 'cut', 'reset', 'wedge', 'slow-close'] as const;

/** For `superRefine` of the schema that the fields stand in. */
export function checkNetworkFields(
  fields: NetworkFields,
  context: { addIssue(issue: { code: 'custom'; message: string; path?: string[] }): void },
): void {
  const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path });
  const { between, towards, latency, jitter, bandwidth, cut, reset } = fields;
  const asked = EFFECTS.filter((effect) => fields[effect] !== undefined);
  if (asked.length !== 1) {
    refuse(
      `says what happens to the link: one of ${EFFECTS.join(', ')}${asked.length > 1 ? '; for two at once write two steps' : ''}`,
    );
  }
  if (between[0] === between[1]) refuse('a link has two different ends', 'between');
  if (towards !== undefined && !between.includes(towards)) refuse(`one of ${between.join(' and ')}`, 'towards');
  if (towards !== undefined && (cut || reset)) refuse('a cut or a reset is always of both directions', 'towards');
  if (jitter !== undefined && latency === undefined) refuse('`jitter` goes with `latency`', 'jitter');
  if (jitter !== undefined && latency !== undefined && (jitter < 0 || jitter > latency)) {
    refuse('`jitter` is at most the latency', 'jitter');
  }
  if (bandwidth !== undefined && (bandwidth < LEAST_BITS_PER_SECOND || bandwidth > MOST_BITS_PER_SECOND)) {
    refuse(`from ${describeBitrate(LEAST_BITS_PER_SECOND)} to ${describeBitrate(MOST_BITS_PER_SECOND)}`, 'bandwidth');
  }
}

/** The fault that checked fields ask for. */
export function networkFault(fields: NetworkFields): NetworkFault {
  const { between, port, towards, latency, jitter = 0, bandwidth, cut, reset } = fields;
  const target: LinkTarget = { between, port, towards };
  if (latency !== undefined)
    return { key: 'network.latency', input: { ...target, latencyMs: latency, jitterMs: jitter } };
  if (bandwidth !== undefined) return { key: 'network.bandwidth', input: { ...target, bitsPerSecond: bandwidth } };
  if (cut) return { key: 'network.cut', input: target };
  if (reset) return { key: 'network.reset', input: target };
  const delayMs = fields['slow-close'];
  if (delayMs !== undefined) return { key: 'network.slow-close', input: { ...target, delayMs } };
  return { key: 'network.wedge', input: target };
}

/** The links that must be breakable for it. */
export const networkLinks = ({ between, port }: NetworkFields): LinkUse[] => [{ between, port }];

const targetShape = { between: z.tuple([end, end]), port: portNumber.optional(), towards: end.optional() };

/** What each kind of fault takes, in plain numbers. */
export const linkFaultSchemas: { [K in keyof LinkFaultInputs]: z.ZodType<LinkFaultInputs[K]> } = {
  'network.latency': z.strictObject({
    ...targetShape,
    latencyMs: z.number().min(LEAST_MS),
    jitterMs: z.number().min(0).default(0),
  }),
  'network.bandwidth': z.strictObject({ ...targetShape, bitsPerSecond: z.number().min(LEAST_BITS_PER_SECOND) }),
  'network.cut': z.strictObject(targetShape),
  'network.reset': z.strictObject(targetShape),
  'network.wedge': z.strictObject(targetShape),
  'network.slow-close': z.strictObject({ ...targetShape, delayMs: z.number().min(LEAST_MS) }),
};

/** `worker ↔ speech`, `worker → speech:8080`. */
export function describeTarget({ between: [a, b], port, towards }: LinkTarget): string {
  const where = port === undefined ? '' : ` (port ${port})`;
  if (towards === undefined) return `${a} ↔ ${b}${where}`;
  return `${towards === a ? b : a} → ${towards}${where}`;
}
