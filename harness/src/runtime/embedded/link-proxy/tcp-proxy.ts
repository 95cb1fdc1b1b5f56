// One proxied link: a listener, the connections that came in on it, and the toxics on them.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress } from './address.ts';
import { ApiError } from './api-error.ts';
import { Flow, type FlowCounters } from './flow.ts';
import type { Stream, Toxic } from './toxic.ts';

const MAX_CONNECTIONS = 1_000;
const MAX_TOXICS = 100;

interface Connection {
  flows: Record<Stream, Flow>;
  close(how: 'close' | 'reset'): void;
}

export class TcpProxy {
  readonly name: string;
  readonly counters: Record<Stream, FlowCounters> = {
    upstream: { receivedBytes: 0, sentBytes: 0 },
    downstream: { receivedBytes: 0, sentBytes: 0 },
  };
  #listen: Address;
  #upstream: Address;
  #server: Server | undefined;
  #connections = new Set<Connection>();
  /** Sockets whose upstream is not reached yet. */
  #waiting = new Set<Socket>();
  #toxics: Toxic[] = [];

  constructor(name: string, listen: Address, upstream: Address) {
    this.name = name;
    this.#listen = listen;
    this.#upstream = upstream;
  }

  get listen(): Address {
    return this.#listen;
  }

  get upstream(): Address {
    return this.#upstream;
  }

  get enabled(): boolean {
    return this.#server !== undefined;
  }

  /** Open now. */
  get connections(): number {
    return this.#connections.size;
  }

  get toxics(): readonly Toxic[] {
    return this.#toxics;
  }

  /** Opens the listener; nothing when it is open. */
  async enable(): Promise<void> {
    if (this.#server) return;
    // Halves are closed one by one, as the ends close them; nothing is read before there is somewhere to send it.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ ...this.#listen, exclusive: true }, resolve);
      });
    } catch (error) {
      this.#server = undefined;
      throw new ApiError(500, error instanceof Error ? error.message : String(error));
    }
    server.on('error', () => {}); // out of file descriptors: the next connection may do better
    const bound = server.address();
    if (bound !== null && typeof bound === 'object') this.#listen = { host: bound.address, port: bound.port };
  }

  /** Refuses new connections and resets those there are; resolves when the listener is closed. */
  async disable(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const client of this.#waiting) client.resetAndDestroy();
    for (const connection of [...this.#connections]) connection.close('reset');
    await closed;
  }

  /** Other addresses, or the same: a change drops what runs over the old ones. */
  async move(listen: Address, upstream: Address): Promise<void> {
    const same = formatAddress(listen) === formatAddress(this.#listen);
    if (same && formatAddress(upstream) === formatAddress(this.#upstream)) return;
    await this.disable();
    this.#listen = listen;
    this.#upstream = upstream;
  }

  toxic(name: string): Toxic {
    const found = this.#toxics.find((toxic) => toxic.name === name);
    if (!found) throw new ApiError(404, 'toxic not found');
    return found;
  }

  addToxic(toxic: Toxic): void {
    if (this.#toxics.some(({ name }) => name === toxic.name)) throw new ApiError(409, 'toxic already exists');
    if (this.#toxics.length >= MAX_TOXICS) throw new ApiError(400, `a proxy has at most ${MAX_TOXICS} toxics`);
    this.#toxics.push(toxic);
    for (const { flows } of [...this.#connections]) flows[toxic.stream].add(toxic);
  }

  /** After its fields were changed. */
  toxicChanged(toxic: Toxic): void {
    for (const { flows } of [...this.#connections]) flows[toxic.stream].update(toxic);
  }

  removeToxic(toxic: Toxic): void {
    this.#toxics = this.#toxics.filter((one) => one !== toxic);
    for (const { flows } of [...this.#connections]) flows[toxic.stream].remove(toxic);
  }

  removeAllToxics(): void {
    for (const toxic of this.#toxics) this.removeToxic(toxic);
  }

  #accept(client: Socket): void {
    const upstream = connect({ ...this.#upstream, allowHalfOpen: true, noDelay: true });
    // Whoever gives up first, before both ends are there: the other has nobody to talk to.
    const giveUp = () => {
      client.resetAndDestroy();
      upstream.destroy();
      this.#waiting.delete(client);
    };
    client.on('error', giveUp);
    client.once('close', giveUp);
    upstream.on('error', giveUp);
    this.#waiting.add(client);
    upstream.once('connect', () => {
      client.off('error', giveUp);
      client.off('close', giveUp);
      upstream.off('error', giveUp);
      this.#waiting.delete(client);
      this.#join(client, upstream);
    });
  }

  #join(client: Socket, upstream: Socket): void {
    const close = (how: 'close' | 'reset') => {
      for (const socket of [client, upstream]) {
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
    };
    const flow = (stream: Stream, source: Socket, destination: Socket) =>
      new Flow({
        source,
        destination,
        toxics: this.#toxics.filter((toxic) => toxic.stream === stream),
        counters: this.counters[stream],
        closeConnection: close,
      });
    const flows = { upstream: flow('upstream', client, upstream), downstream: flow('downstream', upstream, client) };
    const connection = { flows, close };
    this.#connections.add(connection);
    const onClose = () => {
      if (!client.closed || !upstream.closed) return;
      flows.upstream.destroy();
      flows.downstream.destroy();
      this.#connections.delete(connection);
    };
    client.once('close', onClose);
    upstream.once('close', onClose);
    client.resume();
  }
}
