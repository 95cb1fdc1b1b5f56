// What the terminal that a run is shown on can do, and a live view on it that other writers do not tear.

import { ASCII, type Chars, knowsUnicode, UNICODE } from '../report/chars.ts';
import { useColor } from './color.ts';

export interface Terminal {
  color: boolean;
  /** Lines can be drawn again: a terminal that is no build server's imitation of one. */
  live: boolean;
  chars: Chars;
}

export function terminalOf(out: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Terminal {
  const isTerminal = out.isTTY === true;
  return {
    color: useColor(out, env),
    live: isTerminal && env.TERM !== 'dumb' && !isSet(env.CI),
    chars: knowsUnicode(env, isTerminal) ? UNICODE : ASCII,
  };
}

const isSet = (value: string | undefined) => value !== undefined && value !== '' && value !== 'false' && value !== '0';

/**
 * Hands what anybody else writes to the error stream to `above` while the live view stands on the same terminal, so that neither destroys the
 * other. Returns the way back.
 */
export function writeErrorsAbove(above: (text: string) => void): () => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  const original = stderr.write;
  let rest = '';
  const replaced = (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
    const callback = typeof encoding === 'function' ? encoding : done;
    const text = rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) above(text.slice(0, end));
    if (typeof callback === 'function') callback();
    return true;
  };
  stderr.write = replaced as typeof stderr.write;
  return () => {
    stderr.write = original;
    if (rest !== '') stderr.write(rest);
  };
}
