// Connections that Testcard makes itself to see how a link behaves: may one connect, is there an answer, how does it end.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Endpoint } from './broken-link.ts';

/** How a connection ended for this side: an orderly end, or the error's code (`ECONNREFUSED`, `ECONNRESET`). */
export type ConnectionEnd = 'end' | (string & {});

export interface OwnConnection {
  /** Resolves when it is open, or when it has ended instead. */
  readonly opened: Promise<void>;
  readonly isOpen: boolean;
  readonly ended: Promise<ConnectionEnd>;
  /** How it ended, once it has. */
  readonly end: { how: ConnectionEnd; atMs: number } | undefined;
  /** When the first byte came, ms of the monotonic clock. */
  readonly answeredAtMs: number | undefined;
  readonly answered: Promise<void>;
  send(bytes: Uint8Array): void;
  /** Closes this side's half. */
  finish(): void;
  destroy(): void;
}

export function openConnection({ host, port }: Endpoint, clock: Clock): OwnConnection {
  const socket: Socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
  let isOpen = false;
  let end: OwnConnection['end'];
  let answeredAtMs: number | undefined;
  const { promise: opened, resolve: setOpened } = Promise.withResolvers<void>();
  const { promise: answered, resolve: setAnswered } = Promise.withResolvers<void>();
  const { promise: ended, resolve: setEnded } = Promise.withResolvers<ConnectionEnd>();
  const finishWith = (how: ConnectionEnd) => {
    if (end) return;
    end = { how, atMs: clock.monotonicMs() };
    isOpen = false;
    setEnded(how);
    setOpened();
  };
  socket.once('connect', () => {
    isOpen = true;
    setOpened();
  });
  socket.on('data', () => {
    answeredAtMs ??= clock.monotonicMs();
    setAnswered();
  });
  socket.on('end', () => finishWith('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => finishWith(error.code ?? error.message));
  socket.on('close', () => finishWith('end'));
  return {
    ...{ opened, ended, answered },
    get isOpen() {
      return isOpen;
    },
    get end() {
      return end;
    },
    get answeredAtMs() {
      return answeredAtMs;
    },
    send: (bytes) => void socket.write(bytes),
    finish: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** Whether `promise` is settled within the time. Rejects only when `signal` aborts. */
export async function within(
  promise: Promise<unknown>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const over = new AbortController();
  const expired = clock.delay(ms, AbortSignal.any([signal, over.signal])).then(
    () => false,
    () => false,
  );
  try {
    const inTime = await Promise.race([promise.then(() => true), expired]);
    signal.throwIfAborted();
    return inTime;
  } finally {
    over.abort();
  }
}
