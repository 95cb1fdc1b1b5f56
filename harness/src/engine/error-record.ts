// An error as the timeline keeps it: without stack and cause, secrets masked.

import type { TestcardError } from '../model/errors.ts';
import type { ErrorRecord } from '../model/timeline.ts';

export function errorRecord(error: TestcardError, mask: (text: string) => string): ErrorRecord {
  return {
    code: error.code,
    kind: error.kind,
    message: mask(error.message),
    hint: error.hint === undefined ? undefined : mask(error.hint),
    position: error.position,
    detail: error.detail,
  };
}
