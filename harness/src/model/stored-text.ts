// Text as the timeline keeps it: as it is when it is short, compressed when it is long.

import { gunzipSync, gzipSync } from 'node:zlib';
import { TestcardError } from './errors.ts';
import type { StoredText } from './looks.ts';

const PLAIN_UP_TO = 2_048;
/** What a service may answer at most, and some. */
const MAX_BYTES = 16 * 1024 * 1024;

export function storeText(text: string): StoredText {
  return text.length <= PLAIN_UP_TO ? { text } : { gzip: gzipSync(text).toString('base64') };
}

/** Throws LIMIT_EXCEEDED for what this Testcard would never have stored, STEP_INCONCLUSIVE for what is damaged. */
export function readStoredText(stored: StoredText): string {
  if ('text' in stored) return stored.text;
  try {
    return gunzipSync(Buffer.from(stored.gzip, 'base64'), { maxOutputLength: MAX_BYTES }).toString('utf8');
  } catch (error) {
    const code =
      (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'LIMIT_EXCEEDED' : 'STEP_INCONCLUSIVE';
    throw new TestcardError(code, `a stored text cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
