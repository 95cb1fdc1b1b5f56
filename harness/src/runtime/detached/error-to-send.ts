// Errors on their way between a keeper and the commands that ask it for something.

import { ERROR_KINDS, type ErrorCode, TestcardError, toTestcardError } from '../../model/errors.ts';
import type { ErrorRecord } from '../../model/timeline.ts';

export function errorToSend(caught: unknown): ErrorRecord {
  const { code, kind, message, hint, position, detail } = toTestcardError(caught);
  return { code, kind, message, hint, position, detail };
}

export function errorReceived({ code, message, hint, position, detail }: ErrorRecord): TestcardError {
  const known: ErrorCode = Object.hasOwn(ERROR_KINDS, code) ? (code as ErrorCode) : 'INTERNAL';
  return new TestcardError(known, message, { hint, position, detail });
}
