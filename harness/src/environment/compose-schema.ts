// What Testcard reads of a Compose service. The rest of Compose's specification is let through; `x-testcard` is ours and strict.

import { z } from 'zod';
import { parseDurationMs } from '../base/duration.ts';
import { portsField } from './compose-ports.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** KEY → value; null is a key without a value, which Compose takes from the process environment. */
const environmentField = z
  .unknown()
  .default(null)
  .transform((value, ctx): Record<string, string | null> => {
    const found: Record<string, string | null> = {};
    if (value === null) return found;
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) {
        if (typeof entry !== 'string' || entry.startsWith('=')) {
          ctx.addIssue({ code: 'custom', message: 'expected KEY=value', path: [index] });
          continue;
        }
        const equals = entry.indexOf('=');
        if (equals < 0) found[entry] = null;
        else found[entry.slice(0, equals)] = entry.slice(equals + 1);
      }
      return found;
    }
    if (typeof value !== 'object') {
      ctx.addIssue({ code: 'custom', message: 'environment is a map (KEY: value) or a list (- KEY=value)' });
      return found;
    }
    for (const [key, entry] of Object.entries(value)) {
      const plain = scalar.safeParse(entry);
      if (plain.success) found[key] = plain.data === null ? null : String(plain.data);
      else ctx.addIssue({ code: 'custom', message: `${key} is a string, a number or true/false`, path: [key] });
    }
    return found;
  });

const durationField = z
  .unknown()
  .default(null)
  .transform((value, ctx): number | undefined => {
    if (value === null) return undefined;
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (ms !== undefined && ms >= 0) return ms;
    ctx.addIssue({
      code: 'custom',
      message: `${JSON.stringify(value)} is no duration: write it with its unit, such as 500ms, 2s or 1m30s`,
    });
    return undefined;
  });

const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

const dependsOnField = z
  .unknown()
  .default(null)
  .transform((value, ctx) => {
    const found: { service: string; condition: (typeof CONDITIONS)[number]; required: boolean }[] = [];
    if (value === null) return found;
    if (Array.isArray(value)) {
      for (const [index, service] of value.entries()) {
        if (typeof service === 'string') found.push({ service, condition: 'service_started', required: true });
        else ctx.addIssue({ code: 'custom', message: 'expected the name of a service', path: [index] });
      }
      return found;
    }
    const long = z
      .record(
        z.string(),
        z.looseObject({
          condition: z
            .enum(CONDITIONS, { error: `condition is one of ${CONDITIONS.join(', ')}` })
            .default('service_started'),
          required: z.boolean().default(true),
        }),
      )
      .safeParse(value);
    if (long.success) {
      for (const [service, { condition, required }] of Object.entries(long.data)) {
        found.push({ service, condition, required });
      }
    } else {
      for (const { message, path } of long.error.issues) {
        const text = path.length > 0 ? message : 'depends_on is a list of services, or a map: name: { condition: … }';
        ctx.addIssue({ code: 'custom', message: text, path });
      }
    }
    return found;
  });

const restartField = z
  .union([z.string(), z.boolean()])
  .default('no')
  .transform((value, ctx): { policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'; maxRetries?: number } => {
    // YAML 1.1 readers make `no` without quotes a boolean, and so does Compose's.
    if (value === false || value === 'no') return { policy: 'no' };
    if (value === 'always' || value === 'unless-stopped' || value === 'on-failure') return { policy: value };
    const limited = typeof value === 'string' ? /^on-failure:(\d+)$/.exec(value) : null;
    if (limited) return { policy: 'on-failure', maxRetries: Number(limited[1]) };
    ctx.addIssue({
      code: 'custom',
      message: `restart is "no", always, on-failure, on-failure:<times> or unless-stopped (got ${JSON.stringify(value)})`,
    });
    return { policy: 'no' };
  });

const healthcheckField = z
  .looseObject({
    test: z
      .union([z.string(), z.array(z.string())], { error: 'test is a command: ["CMD", "program", "argument"]' })
      .optional(),
    interval: durationField,
    timeout: durationField,
    start_period: durationField,
    retries: z.coerce.number().int().min(0).optional(),
    disable: z.boolean().optional(),
  })
  .optional();

const envFileEntry = z.union([
  z.string(),
  z.looseObject({ path: z.string(), required: z.boolean().default(true), format: z.string().optional() }),
]);

const notMap = (name: string, example: string) => ({
  error: (issue: { code?: string | undefined }) =>
    issue.code === 'invalid_type' ? `${name} is a map: ${example}` : undefined,
});

/** `x-testcard` of a service: what Testcard cannot read off the Compose file itself. */
const testcardField = z
  .strictObject(
    {
      embedded: z
        .strictObject(
          {
            run: z
              .array(z.coerce.string(), { error: 'run is the command as a list: [node, services/x/src/main.ts]' })
              .min(1, 'run is the command as a list: [node, services/x/src/main.ts]'),
            environment: environmentField,
            data: z.string({ error: 'data is a folder, such as /mnt/scratch' }).min(1).optional(),
          },
          notMap('embedded', '{ run: [program, argument] }'),
        )
        .optional(),
      ready: z
        .strictObject(
          { http: z.string({ error: 'http is the address to ask, such as "http://web:80/health"' }) },
          notMap('ready', '{ http: "http://web:80/health" }'),
        )
        .optional(),
      metrics: z.string({ error: 'metrics is an address, such as "http://web:80/metrics"' }).optional(),
      'media-faults': z
        .string({ error: 'media-faults is an address, such as "http://relay:9997/v3/faults"' })
        .optional(),
      data: z
        .string({ error: 'data is a folder in the container, such as /data' })
        .startsWith('/', { error: 'data is a folder in the container, such as /data' })
        .optional(),
      logs: z.enum(['json', 'text'], { error: 'logs is json or text' }).default('text'),
    },
    notMap('x-testcard', '{ embedded: { run: [program, argument] } }'),
  )
  .prefault({});

export const serviceSchema = z.looseObject(
  {
    environment: environmentField,
    env_file: z.union([envFileEntry, z.array(envFileEntry)]).optional(),
    ports: portsField,
    expose: portsField,
    depends_on: dependsOnField,
    restart: restartField,
    healthcheck: healthcheckField,
    stop_grace_period: durationField,
    profiles: z.array(z.string()).default([]),
    'x-testcard': testcardField,
  },
  { error: 'a service is a map' },
);

export type ComposeService = z.output<typeof serviceSchema>;

export const fileSchema = z.looseObject(
  {
    name: z.string().optional(),
    services: z.record(z.string(), z.unknown(), { error: 'a Compose file lists its services under `services:`' }),
  },
  { error: 'a Compose file is a map with `services:`' },
);

/** Keys at each place where ours are strict, for "did you mean". */
export const TESTCARD_KEYS: Record<string, string[]> = {
  'x-testcard': ['embedded', 'ready', 'metrics', 'media-faults', 'data', 'logs'],
  embedded: ['run', 'environment', 'data'],
  ready: ['http'],
};
