// Speaks to a service that breaks media when asked (services/media-relay/README.md has the API), bounded in time and size.

import { z } from 'zod';
import { TestcardError } from '../../model/errors.ts';

export type FaultRequest =
  | { kind: 'freeze-video' | 'drop-audio' | 'restart-timestamps' | 'disconnect' }
  | { kind: 'delay-audio'; delayMs: number }
  | { kind: 'drop-packets'; every: number };

export interface Answer {
  ok: boolean;
  status: number;
  /** Nothing listens there. */
  refused: boolean;
  error: string;
  body: unknown;
}

const ANSWER_WITHIN_MS = 3_000;
const MAX_BYTES = 1024 * 1024;

const errorBody = z.object({ error: z.string() });
const pathBody = z.object({
  ready: z.boolean(),
  readyTime: z.iso.datetime().nullish(),
  source: z.object({ id: z.string() }).nullish(),
});

/** Does not throw for an answer that is a refusal, nor when nothing listens. */
export async function callApi(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const parsed = parse(await boundedText(response));
    const error = errorBody.safeParse(parsed);
    return {
      ok: response.ok,
      status: response.status,
      refused: false,
      error: error.success ? error.data.error.slice(0, 500) : `status ${response.status}`,
      body: parsed,
    };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    const message = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, status: 0, refused, error: message, body: undefined };
  }
}

/** Who publishes on a path and since when, by the control API beside the faults; undefined when nobody does. */
export async function pathFacts(
  api: string,
  path: string,
  signal: AbortSignal,
): Promise<{ source: string; readyAtMs: number } | undefined> {
  const answer = await callApi('GET', new URL(`paths/get/${path}`, api).href, signal);
  if (answer.status === 404 || answer.refused) return undefined;
  const facts = pathBody.safeParse(answer.body);
  if (!answer.ok || !facts.success) {
    throw new TestcardError('FAULT_UNPROVEN', `who publishes on ${path} cannot be told: ${answer.error}`);
  }
  const { ready, readyTime, source } = facts.data;
  if (!ready || !source || !readyTime) return undefined;
  return { source: source.id, readyAtMs: Date.parse(readyTime) };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new TestcardError('LIMIT_EXCEEDED', `an answer of more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
