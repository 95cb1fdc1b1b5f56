// Reads from the proxy's API what the client library has no call for, bounded in time and size.

import { TestcardError } from '../../model/errors.ts';

const ANSWER_WITHIN_MS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Throws STEP_INCONCLUSIVE when there is no good answer. */
export async function fetchFromProxy(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await readText(response);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TestcardError('STEP_INCONCLUSIVE', `${url} gave no answer: ${reason}`, { cause });
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
