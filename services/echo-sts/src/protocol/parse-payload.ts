// Checks a payload against its schema, and says what is wrong with it in one short line.

import type { z } from 'zod';
import { ProtocolError } from './error-codes.ts';

const SHOWN_ISSUES = 3;
const SHOWN_CHARS = 300;

/** Throws a ProtocolError INVALID_CONFIG that names the first fields that are wrong. */
export function parsePayload<T>(schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  throw new ProtocolError('INVALID_CONFIG', describeIssues(result.error));
}

export function describeIssues(error: z.ZodError): string {
  const lines = error.issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = error.issues.length - lines.length;
  const text = `${lines.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
