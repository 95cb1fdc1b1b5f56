// What a suite says about how much of the machine a service may use: `limit: { service: worker, memory: 64MiB, cpu: 0.25 }`.

import { z } from 'zod';

export interface MemoryLimit {
  service: string;
  bytes: number;
}

export interface CpuLimit {
  service: string;
  cpus: number;
}

/** Docker refuses less. */
const LEAST_BYTES = 6 * 1024 ** 2;
const MOST_BYTES = 1024 ** 4;
/** A hundredth of a processor is the least that Docker's own option takes. */
const LEAST_CPUS = 0.01;
const MOST_CPUS = 256;

const SIZE = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$/;
const FACTORS: Record<string, number> = {
  ...{ B: 1, kB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
};

const wanted = (issue: { input?: unknown }) =>
  `a size with its unit, such as 64MiB or 1GB (got ${JSON.stringify(issue.input)})`;

/** `64MiB`, `1GB` → bytes. */
export const sizeField = z
  .string({ error: wanted })
  .regex(SIZE, { error: wanted })
  .transform((text) => {
    const [, amount = '0', unit = 'B'] = SIZE.exec(text) ?? [];
    return Math.round(Number(amount) * (FACTORS[unit] ?? 1));
  });

export const memoryField = sizeField.refine((bytes) => bytes >= LEAST_BYTES && bytes <= MOST_BYTES, {
  error: `from ${describeBytes(LEAST_BYTES)} to ${describeBytes(MOST_BYTES)}`,
});
export const cpuField = z
  .number()
  .min(LEAST_CPUS, { error: `from ${LEAST_CPUS} to ${MOST_CPUS} processors` })
  .max(MOST_CPUS, { error: `from ${LEAST_CPUS} to ${MOST_CPUS} processors` });

/** `64MiB`. */
export function describeBytes(bytes: number): string {
  const [size, unit] = (
    [
      [1024 ** 3, 'GiB'],
      [1024 ** 2, 'MiB'],
      [1024, 'KiB'],
    ] as const
  ).find(([least]) => bytes >= least) ?? [1, 'B'];
  return `${Number((bytes / size).toFixed(1))}${unit}`;
}

const service = z.string().min(1).describe('A service of the environment');

/** What each kind of fault takes, in plain numbers. */
export const memoryLimitSchema: z.ZodType<MemoryLimit> = z.strictObject({
  service,
  bytes: z
    .number()
    .min(LEAST_BYTES)
    .max(MOST_BYTES)
    .describe('How much memory it may use, such as 64MiB')
    .meta({ unit: 'B' }),
});
export const cpuLimitSchema: z.ZodType<CpuLimit> = z.strictObject({
  service,
  cpus: cpuField.describe('How many processors it may use, such as 0.25'),
});
