// What a test driver sends: unknown keys are refused, because a misspelt fault that silently does nothing makes a test pass for no reason.

import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { isErrorCode } from './error-codes.ts';
import { limits } from './limits.ts';
import { id } from './worker-events.ts';

const stage = z.enum(['asr', 'translation', 'tts']);
const scope = { stream_id: id.optional() };

/** Milliseconds as a number, or text with a unit. */
const duration = z
  .union([z.number(), z.string().max(32)])
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value : parseDurationMs(value);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: 'expected a number of ms or text such as "500ms" or "2s"' });
    return z.NEVER;
  })
  .pipe(z.number().nonnegative().max(limits.processingDelayMs));

const outcome = {
  error_code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected an upper-case code')
    .optional(),
  error_message: z.string().max(limits.textChars).optional(),
  retryable: z.boolean().optional(),
  stage: stage.default('asr'),
  status: z.enum(['failed', 'partial']).default('failed'),
  delivery: z.enum(['processed', 'error_event']).default('processed'),
  silent: z.boolean().default(false),
};

const rule = z
  .discriminatedUnion('trigger', [
    z.strictObject({
      trigger: z.literal('sequence_number'),
      value: z.number().int().nonnegative(),
      ...outcome,
    }),
    z.strictObject({ trigger: z.literal('fragment_id'), value: id, ...outcome }),
    z.strictObject({ trigger: z.literal('nth_fragment'), value: z.number().int().positive(), ...outcome }),
  ])
  .superRefine(({ error_code, retryable, silent }, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', path: ['error_code'], message });
    if (silent) return;
    if (error_code === undefined) problem('required unless the rule is silent');
    // A code of somebody else's is welcome, but a typo must not pass: it has to say whether a retry helps.
    else if (!isErrorCode(error_code) && retryable === undefined) {
      problem(`${error_code} is not a code of the protocol; give retryable to use it all the same`);
    }
  });
export type ErrorRule = z.output<typeof rule>;

export const errorSimulation = z.strictObject({
  ...scope,
  enabled: z.boolean().default(true),
  rules: z.array(rule).max(limits.rules).default([]),
});

export const processingDelay = z
  .strictObject({
    ...scope,
    delay: duration.optional(),
    jitter: duration.default(0),
    silent: z.boolean().default(false),
  })
  .refine(({ delay, silent }) => delay !== undefined || silent, { path: ['delay'], message: 'required unless silent' });

const ratio = z.number().positive().max(10);

export const backPressureControl = z
  .strictObject({
    ...scope,
    enabled: z.boolean().optional(),
    threshold_low: ratio.optional(),
    threshold_medium: ratio.optional(),
    threshold_high: ratio.optional(),
    action: z.enum(['slow_down', 'pause', 'none']).optional(),
    severity: z.enum(['low', 'medium', 'high']).optional(),
    recommended_delay_ms: z.number().int().nonnegative().max(60_000).optional(),
    after_fragments: z.number().int().positive().optional(),
    after_ms: z.number().int().nonnegative().max(600_000).optional(),
    at_load: ratio.optional(),
    for_ms: z.number().int().positive().max(600_000).optional(),
  })
  .superRefine((control, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const { stream_id: _, ...said } = control;
    if (Object.keys(said).length === 0) problem('enabled', 'say enabled, a threshold, or an action');
    const dependent = ['severity', 'recommended_delay_ms', 'after_fragments', 'after_ms', 'at_load', 'for_ms'] as const;
    for (const key of dependent) {
      if (control[key] !== undefined && control.action === undefined) problem(key, 'needs an action');
    }
    if (control.action !== undefined && control.enabled === false)
      problem('action', 'cannot be emitted while disabled');
    const triggers = ['after_fragments', 'after_ms', 'at_load'] as const;
    if (triggers.filter((key) => control[key] !== undefined).length > 1) {
      problem('action', `give only one of ${triggers.join(', ')}`);
    }
  });
export type BackPressureControl = z.output<typeof backPressureControl>;

export const dubbedDuration = z.strictObject({ ...scope, scale: z.number().min(0.1).max(4) });

export const simulateDisconnect = z.strictObject({
  ...scope,
  delay_ms: z.number().nonnegative().max(limits.disconnectDelayMs).default(0),
  abrupt: z.boolean().default(false),
});

/** Nothing at all is as good as `{}`; Socket.IO clients send it as null. */
export const reset = z
  .strictObject(scope)
  .nullish()
  .transform((payload) => payload ?? {});
