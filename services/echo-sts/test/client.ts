// A worker or a test driver over a real socket: sends what the protocol says, and remembers everything that comes.

import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';

/** An event as it came; payloads are the server's, so tests look into them freely. */
export interface Received {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a server sends is what the tests are about to check
  payload: any;
  atMs: number;
}

const WAIT_MS = 10_000;

export class Client {
  readonly socket: Socket;
  readonly received: Received[] = [];
  /** Why the socket closed, once it has. */
  closedBecause: string | undefined;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.onAny((event: string, payload: unknown) => {
      this.received.push({ event, payload, atMs: performance.now() });
      this.#wake();
    });
    socket.on('disconnect', (reason) => {
      this.closedBecause = reason;
      this.#wake();
    });
  }

  emit(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  all(event: string): Received['payload'][] {
    return this.received.filter((one) => one.event === event).map(({ payload }) => payload);
  }

  /** The next event of that name after the one `next` returned last. */
  async next(
    event: string,
    where: (payload: Received['payload']) => boolean = () => true,
  ): Promise<Received['payload']> {
    const find = () =>
      this.received.findIndex((one, index) => index >= this.#taken && one.event === event && where(one.payload));
    await this.until(() => find() >= 0, `${event} (so far: ${this.received.map((one) => one.event).join(', ')})`);
    const index = find();
    this.#taken = index + 1;
    return this.received[index]?.payload;
  }

  async until(condition: () => boolean, what: string, timeoutMs = WAIT_MS): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        settle();
      };
      const check = () => condition() && finish(resolve);
      const timer = setTimeout(() => finish(() => reject(new Error(`waited ${timeoutMs} ms for ${what}`))), timeoutMs);
      this.#waiting.add(check);
    });
  }

  async closed(): Promise<string> {
    await this.until(() => this.closedBecause !== undefined, 'the socket to close');
    return this.closedBecause ?? '';
  }

  /** Opens a session and returns `stream:ready`. */
  async init(streamId = 'stream-1', more: object = {}): Promise<Received['payload']> {
    this.emit('stream:init', { stream_id: streamId, worker_id: 'worker-1', config: {}, ...more });
    return this.next('stream:ready');
  }

  /** Sends one fragment and returns its id. */
  send(sequenceNumber: number, more: { stream_id?: string; fragment_id?: string; audio?: object } = {}): string {
    const fragment = fragmentOf(sequenceNumber, more);
    this.emit('fragment:data', fragment);
    return fragment.fragment_id;
  }

  acknowledge(fragmentId: string, status = 'applied'): void {
    this.emit('fragment:ack', { fragment_id: fragmentId, status, timestamp: Date.now() });
  }

  /** Sends a control and returns its acknowledgement. */
  async control(event: string, payload?: unknown): Promise<Received['payload']> {
    this.emit(event, payload);
    return this.next(`${event}:ack`);
  }

  /** Resolves when the server has handled everything sent before, and everything it sent in answer has come. */
  async settle(): Promise<void> {
    // Twice: what the server does in a later turn for an event is done when the second one has made its way.
    for (let turn = 0; turn < 2; turn += 1) {
      this.emit('settle');
      await this.next('error', ({ message }) => message === 'unknown event settle');
    }
  }

  close(): void {
    this.socket.disconnect();
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }
}

export function fragmentOf(
  sequenceNumber: number,
  { audio, ...more }: { stream_id?: string; fragment_id?: string; audio?: object } = {},
) {
  return {
    fragment_id: randomUUID(),
    stream_id: 'stream-1',
    sequence_number: sequenceNumber,
    timestamp: Date.now(),
    metadata: { pts_ns: sequenceNumber * 6e9, source_pts_ns: sequenceNumber * 6e9 },
    ...more,
    audio: {
      format: 'pcm_s16le',
      sample_rate_hz: 48_000,
      channels: 2,
      duration_ms: 10,
      data_base64: Buffer.alloc(480 * 4, sequenceNumber + 1).toString('base64'),
      ...audio,
    },
  };
}

export async function connectClient(
  url: string,
  headers: Record<string, string> = {},
  path = '/ws/sts',
): Promise<Client> {
  const socket = io(url, {
    path,
    transports: ['websocket'],
    extraHeaders: headers,
    reconnection: false,
    forceNew: true,
    timeout: WAIT_MS,
  });
  const client = new Client(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
  });
  return client;
}
