// Emits one Socket.IO event to a service and, when asked, waits for the event that answers it.

import { io, type Socket } from 'socket.io-client';
import type { Clock } from '../base/clock.ts';
import { formatDurationMs } from '../base/duration.ts';
import { TestcardError } from '../model/errors.ts';
import type { SocketPort } from '../model/ports.ts';

/** A namespace that no server has: asking for it is answered, after everything sent before it. */
const NOWHERE = '/testcard-are-you-there';
/** A server that does not answer for an unknown namespace is given so long, then the connection is closed anyway. */
const FLUSH_MS = 1_000;

/** `resolve` maps what a suite wrote as `to` (a service name or an address) to an http:// address that this process reaches. */
export function createSocketClient({ resolve, clock }: { resolve: (to: string) => string; clock: Clock }): SocketPort {
  return {
    async emit(request, signal) {
      signal.throwIfAborted();
      const { to, path, event, data, reply, timeoutMs } = request;
      const what = `${event} to ${to}${path}`;
      const bound = new AbortController();
      const stop = AbortSignal.any([signal, bound.signal]);
      const socket = io(resolve(to), {
        path,
        transports: ['websocket'],
        forceNew: true,
        timeout: timeoutMs,
        reconnectionDelay: 50,
        reconnectionDelayMax: 250,
      });
      const seen: Seen = { connected: false, problem: undefined, reply: undefined };
      const expired = clock.delay(timeoutMs, stop).then(() => {
        throw new TestcardError('STEP_INCONCLUSIVE', `${what}: ${afterTimeout(seen, reply?.event, timeoutMs)}`, {
          detail: { connected: seen.connected, lastReply: seen.reply?.payload },
        });
      });
      expired.catch(() => {}); // ends with the exchange
      try {
        return await Promise.race([exchange(socket, { event, data, reply }, seen, what, clock, stop), expired]);
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        bound.abort();
        socket.disconnect();
      }
    },
  };
}

interface Seen {
  connected: boolean;
  /** Why the last attempt to connect failed. */
  problem: string | undefined;
  /** The last event of the awaited name that did not match. */
  reply: { payload: unknown } | undefined;
}

type Request = Parameters<SocketPort['emit']>[0];

interface Emission extends Pick<Request, 'event' | 'data'> {
  reply: Request['reply'] | undefined;
}

async function exchange(
  socket: Socket,
  { event, data, reply }: Emission,
  seen: Seen,
  what: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ reply?: unknown }> {
  const left = Promise.withResolvers<never>();
  left.promise.catch(() => {}); // only matters to those who wait below
  await new Promise<void>((connected, failed) => {
    socket.once('connect', () => connected());
    socket.on('connect_error', (error) => {
      seen.problem = error.message;
      // An inactive socket was refused by the server's own word; a connection that failed is tried again.
      if (!socket.active) failed(new TestcardError('STEP_INCONCLUSIVE', `${what}: refused with "${error.message}"`));
    });
  });
  seen.connected = true;
  socket.once('disconnect', (reason) => {
    left.reject(new TestcardError('STEP_INCONCLUSIVE', `${what}: disconnected (${reason}) before the answer came`));
  });
  const args = data === undefined ? [] : [data];
  if (reply === undefined) {
    socket.emit(event, ...args);
    await Promise.race([processed(socket, clock, signal), left.promise.catch(() => {})]);
    return {};
  }
  const answered = new Promise<unknown>((resolve) => {
    socket.on(reply.event, (payload: unknown) => {
      if (reply.matches(payload)) resolve(payload);
      else seen.reply = { payload };
    });
  });
  socket.emit(event, ...args);
  return { reply: await Promise.race([answered, left.promise]) };
}

/**
 * Resolves when the server has handled what was sent so far. Socket.IO servers drop events whose sender has disconnected
 * by the time they get to them, so closing right after `emit` can lose the event; messages are handled in order, so the
 * answer to a later one shows that this one was.
 */
async function processed(socket: Socket, clock: Clock, signal: AbortSignal): Promise<void> {
  const nowhere = socket.io.socket(NOWHERE);
  const answered = new Promise<void>((resolve) => {
    nowhere.once('connect', () => resolve());
    nowhere.once('connect_error', () => resolve());
  });
  nowhere.connect();
  try {
    await Promise.race([answered, clock.delay(FLUSH_MS, signal)]);
  } finally {
    nowhere.disconnect();
  }
}

function afterTimeout(seen: Seen, reply: string | undefined, timeoutMs: number): string {
  const within = `within ${formatDurationMs(timeoutMs)}`;
  if (!seen.connected) return `no connection ${within} (${seen.problem ?? 'no answer'})`;
  if (seen.reply === undefined) return reply === undefined ? `not taken ${within}` : `no ${reply} ${within}`;
  return `no matching ${reply} ${within}; the last one was ${clip(JSON.stringify(seen.reply.payload) ?? 'empty')}`;
}

function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
