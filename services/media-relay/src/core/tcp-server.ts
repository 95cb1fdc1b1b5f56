// Accepts connections of one protocol within a limit, keeps them apart from each other's failures, and closes them all on stop.

import { createServer, type Server, type Socket } from 'node:net';
import { ProtocolError } from './protocol-error.ts';
import type { Protocol, RelayContext } from './relay-context.ts';

/** One connection's protocol: fed with bytes, told once when the peer is gone. */
export interface Connection {
  readonly id: string;
  onData(chunk: Buffer): void;
  /** The socket is closed, or the relay gave it up: free everything. Called exactly once. */
  onClose(): void;
  /** The relay stops: end what is being sent in an orderly way. */
  stop(): void;
}

/** How a connection asks for its own end. */
export interface ConnectionSocket {
  readonly socket: Socket;
  readonly remote: string;
  /** Runs what a timer or an event brings: whatever it throws closes this connection and nothing else. */
  guard(run: () => void): void;
  /** Sends what is queued, then closes; the peer gets this long to read it all. */
  finish(lingerMs?: number): void;
  /** Closes at once. */
  abort(reason: string): void;
}

const LINGER_MS = 5_000;

export class TcpServer {
  readonly #server: Server;
  readonly #connections = new Map<Connection, ConnectionSocket>();
  readonly #protocol: Protocol;
  readonly #context: RelayContext;
  readonly #open: (socket: ConnectionSocket) => Connection;

  constructor(protocol: Protocol, context: RelayContext, open: (socket: ConnectionSocket) => Connection) {
    this.#protocol = protocol;
    this.#context = context;
    this.#open = open;
    // Half-open sockets let the relay end its side while a reader still sends, so that nothing sent before is reset away.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: 128 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#context.log.error({ err: error }, `${this.#protocol} server error`));
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Ends all connections, giving them `withinMs` to read what was sent. */
  async close(withinMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [connection, socket] of this.#connections) {
      socket.guard(() => connection.stop());
      socket.finish(withinMs);
    }
    await closed;
  }

  #accept(socket: Socket): void {
    const { log, counters, config } = this.#context;
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    if (this.#connections.size >= config.maxConnections) {
      counters.connectionsRefused[this.#protocol] += 1;
      log.warn({ protocol: this.#protocol, remote, limit: config.maxConnections }, 'connection refused: too many');
      socket.destroy();
      return;
    }
    let lingering: NodeJS.Timeout | undefined;
    const handle: ConnectionSocket = {
      socket,
      remote,
      guard: (run) => {
        try {
          run();
        } catch (error) {
          const fields = { protocol: this.#protocol, remote, connection: connection.id };
          if (error instanceof ProtocolError) {
            counters.malformedInputs[this.#protocol] += 1;
            log.warn({ ...fields, reason: error.message }, 'connection closed on malformed input');
          } else {
            log.error({ ...fields, err: error }, 'connection closed on an internal error');
          }
          socket.destroy();
        }
      },
      finish: (lingerMs = LINGER_MS) => {
        if (socket.destroyed) return;
        if (!socket.writableEnded) socket.end();
        clearTimeout(lingering);
        lingering = setTimeout(() => socket.destroy(), lingerMs);
      },
      abort: (reason) => {
        if (socket.destroyed) return;
        log.info({ protocol: this.#protocol, remote, connection: connection.id, reason }, 'connection closed by relay');
        socket.destroy();
      },
    };
    const connection = this.#open(handle);
    this.#connections.set(connection, handle);
    log.debug({ protocol: this.#protocol, remote, connection: connection.id }, 'connection opened');
    socket.on('data', (chunk: Buffer) => handle.guard(() => connection.onData(chunk)));
    // The peer will send no more; a reader may still be taking what is queued, so only our own end closes.
    socket.on('end', () => {
      handle.guard(() => connection.onClose());
      handle.finish();
    });
    socket.on('error', (error) => {
      log.debug({ protocol: this.#protocol, remote, connection: connection.id, reason: error.message }, 'socket error');
    });
    socket.on('close', () => {
      clearTimeout(lingering);
      this.#connections.delete(connection);
      handle.guard(() => connection.onClose());
    });
  }
}
