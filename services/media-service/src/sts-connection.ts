// The Socket.IO connection of one stream: opens it, says what is wrong with what arrives, and gets it back when it is lost.

import { io, type Socket } from 'socket.io-client';
import type { z } from 'zod';
import type { CancelTimer, Clock } from './clock.ts';
import type { Log } from './logging.ts';
import { reconnect } from './reconnect-backoff.ts';
import * as messages from './sts-messages.ts';

export interface StsConnectionOptions {
  url: string;
  init: messages.StreamInit;
  /** For one attempt: connected, and `stream:ready` received. */
  connectTimeoutMs: number;
  clock: Clock;
  log: Log;
  onReady: (ready: messages.StreamReady) => void;
  /** The session is gone, and with it everything in flight. Not called for our own `close`. */
  onLost: () => void;
  onReconnected: () => void;
  /** Five attempts to reconnect have failed. */
  onGaveUp: () => void;
  onProcessed: (message: messages.FragmentProcessed) => void;
  onBackpressure: (message: messages.Backpressure) => void;
  onError: (message: messages.ErrorEvent) => void;
  onComplete: () => void;
}

const STS_PATH = '/ws/sts';

export class StsConnection {
  readonly #options: StsConnectionOptions;
  readonly #closed = new AbortController();
  #socket: Socket | undefined;
  #ready = false;

  constructor(options: StsConnectionOptions) {
    this.#options = options;
  }

  /** Connected, and the server has accepted the stream. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Does nothing once closed. */
  open(): void {
    if (this.#closed.signal.aborted) return;
    void this.#attempt().then((success) => {
      if (success || this.#closed.signal.aborted) return;
      this.#options.log.warn({ url: this.#options.url }, 'sts unreachable');
      void this.#reconnect();
    });
  }

  /** Does nothing without a session: a message of one session must never reach the next. */
  send(event: string, payload: object): void {
    if (this.#ready) this.#socket?.emit(event, payload);
  }

  close(): void {
    this.#closed.abort();
    this.#dropSocket();
  }

  #dropSocket(): void {
    this.#ready = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.removeAllListeners();
    socket?.disconnect();
  }

  async #reconnect(): Promise<void> {
    const { clock, log } = this.#options;
    const outcome = await reconnect({
      clock,
      signal: this.#closed.signal,
      attempt: () => this.#attempt(),
      onAttempt: (attempt, success) => {
        if (success) {
          log.info({ attempt, success }, 'reconnection attempt');
          this.#options.onReconnected();
        } else {
          log.warn({ attempt, success }, 'reconnection attempt');
        }
      },
    });
    if (outcome === 'gave-up') this.#options.onGaveUp();
  }

  /** True once the server has answered `stream:init` with `stream:ready`. */
  #attempt(): Promise<boolean> {
    const { url, init, connectTimeoutMs, clock } = this.#options;
    this.#dropSocket();
    // A socket of its own for each attempt: nothing buffered or late of the one before can reach this session.
    const socket = io(new URL('/', url).href, {
      path: STS_PATH,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: connectTimeoutMs,
      extraHeaders: { 'X-Stream-ID': init.stream_id, 'X-Worker-ID': init.worker_id },
    });
    this.#socket = socket;
    return new Promise((resolve) => {
      let cancelTimeout: CancelTimer = () => {};
      const failed = (): void => {
        cancelTimeout();
        if (this.#socket === socket) this.#dropSocket();
        resolve(false);
      };
      cancelTimeout = clock.after(connectTimeoutMs, failed);
      this.#closed.signal.addEventListener('abort', failed, { once: true });
      socket.on('connect', () => socket.emit('stream:init', init));
      socket.on('connect_error', failed);
      socket.on('disconnect', (reason) => {
        if (this.#ready) this.#lost(reason);
        else failed();
      });
      this.#listen(socket, 'stream:ready', messages.streamReady, (ready) => {
        if (this.#ready) return;
        cancelTimeout();
        this.#closed.signal.removeEventListener('abort', failed);
        this.#ready = true;
        this.#options.onReady(ready);
        resolve(true);
      });
      this.#listen(socket, 'fragment:processed', messages.fragmentProcessed, this.#options.onProcessed);
      this.#listen(socket, 'backpressure', messages.backpressure, this.#options.onBackpressure);
      this.#listen(socket, 'error', messages.errorEvent, this.#options.onError);
      this.#listen(socket, 'stream:complete', messages.streamComplete, this.#options.onComplete);
    });
  }

  #lost(reason: string): void {
    this.#dropSocket();
    this.#options.log.warn({ reason }, 'sts disconnected');
    this.#options.onLost();
    void this.#reconnect();
  }

  #listen<T extends z.ZodType>(socket: Socket, event: string, schema: T, handle: (message: z.output<T>) => void): void {
    socket.on(event, (payload: unknown) => {
      if (this.#socket !== socket) return;
      const parsed = schema.safeParse(payload);
      if (parsed.success) {
        handle(parsed.data);
        return;
      }
      const problem = parsed.error.issues[0];
      const where = problem?.path.join('.') ?? '';
      this.#options.log.warn(
        { event, problem: `${where}: ${problem?.message ?? ''}` },
        'sts message ignored: not as the protocol says',
      );
    });
  }
}
