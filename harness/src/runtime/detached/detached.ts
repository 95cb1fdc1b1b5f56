// Environments that stay up after the command that started them, for work by hand: start, find, stop.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { isOwnerDead, OWNER_VARIABLE } from '../ownership/owner.ts';
import { errorReceived } from './error-to-send.ts';
import type { KeeperMessage, KeepRequest } from './messages.ts';
import { type DetachedState, detachedFolder, listDetached, readState, removeState } from './state.ts';

export { type DetachedState, listDetached } from './state.ts';

export interface StartDetachedOptions extends KeepRequest {
  signal: AbortSignal;
  /** Progress until it is up. */
  onEvent?(event: TimelineEvent): void;
}

const KEEPER = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './keeper.ts' : './keeper.js', import.meta.url));
const STOP_WITHIN_MS = 25_000;

/**
 * Starts an environment under a process of its own and resolves when it is up. Its state and logs are in `<reports>/up/<name>/`.
 * Throws what starting threw; USAGE when one of that name is up already.
 */
export async function startDetached({ signal, onEvent, ...request }: StartDetachedOptions): Promise<DetachedState> {
  const folder = detachedFolder(request.reports, request.name);
  const known = readState(folder);
  if (known) {
    throw new TestcardError('USAGE', `${known.name} is up already (process ${known.pid})`, {
      hint: `take it down first: testcard down ${known.name}`,
    });
  }
  signal.throwIfAborted();
  mkdirSync(folder.path, { recursive: true });
  const log = openSync(folder.keeper, 'w');
  // Not this command's: it must outlive it, so it gets no mark and no guard of ours. It takes its own.
  const { [OWNER_VARIABLE]: _mark, ...env } = process.env;
  const keeper = spawn(process.execPath, [KEEPER], { detached: true, stdio: ['ignore', log, log, 'ipc'], env });
  closeSync(log);
  const onAbort = () => keeper.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<DetachedState>((resolve, reject) => {
      keeper.on('message', (message: KeeperMessage) => {
        if (message.type === 'event') onEvent?.(message.event);
        else if (message.type === 'up') resolve(message.state);
        else reject(signal.aborted ? signal.reason : errorReceived(message.error));
      });
      keeper.once('error', reject);
      keeper.once('exit', (code, name) => {
        const words = readFileSync(folder.keeper, 'utf8').trim().split('\n').at(-1);
        const message = `the process that keeps ${request.name} up ended with ${code ?? name}`;
        reject(signal.aborted ? signal.reason : new TestcardError('INTERNAL', message, { hint: words }));
      });
      keeper.send(request);
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    keeper.removeAllListeners();
    if (keeper.connected) keeper.disconnect();
    keeper.unref();
  }
}

/** The one of that name, or the only one that is up. Throws USAGE that lists what is up. */
export function findDetached(reports: string, name?: string): DetachedState {
  const up = listDetached(reports);
  const found = name === undefined && up.length === 1 ? up[0] : up.find((state) => state.name === name);
  if (found) return found;
  const message =
    name === undefined ? (up.length === 0 ? 'nothing is up' : 'several environments are up') : `${name} is not up`;
  const hint =
    up.length === 0
      ? 'start one: testcard up <environment> --detach'
      : `up: ${up.map((state) => state.name).join(', ')}`;
  throw new TestcardError('USAGE', message, { hint });
}

/** Resolves when nothing of it is left. The keeper gets the time that its services' grace needs, then is killed; its warden does the rest. */
export async function stopDetached(
  reports: string,
  { name, owner, pid }: DetachedState,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  const isGone = () => (isOwnerDead(owner) ? ({ done: true, value: true } as const) : ({ done: false } as const));
  const send = (what: NodeJS.Signals) => {
    if (!isOwnerDead(owner)) process.kill(pid, what);
  };
  send('SIGTERM');
  const result = await poll(isGone, { withinMs: STOP_WITHIN_MS, clock, signal });
  if (!result.ok) {
    send('SIGKILL');
    await poll(isGone, { withinMs: 2_000, clock, signal });
  }
  removeState(detachedFolder(reports, name));
}
