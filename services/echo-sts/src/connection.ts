// One socket: checks, logs and routes every event it sends, and answers what is wrong with an `error` event.

import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io';
import type { Controls } from './controls.ts';
import { describePayload, type Logger } from './logging.ts';
import { errorLabel, type Metrics } from './metrics.ts';
import { errorClassOf, ProtocolError } from './protocol/error-codes.ts';
import { describeIssues, parsePayload } from './protocol/parse-payload.ts';
import { fragmentAck, fragmentData, streamInit, streamNotice } from './protocol/worker-events.ts';
import { Session } from './session.ts';
import { Timers } from './timers.ts';

export interface ConnectionPorts {
  controls: Controls;
  metrics: Metrics;
  logger: Logger;
  autoDisconnectDelayMs: number;
  /** Throws a ProtocolError when there are too many sessions already. */
  admitSession: () => void;
  random: () => number;
}

export type DisconnectCause = 'simulated' | 'complete' | 'stopping';

const SHOWN_EVENT_CHARS = 64;

export class Connection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #logger: Logger;
  readonly #handlers: ReadonlyMap<string, (payload: unknown) => void>;
  readonly #simulated = new Timers();
  readonly #autoDisconnect = new Timers();
  #session: Session | undefined;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#logger = ports.logger.child({ socketId: socket.id });
    this.#handlers = new Map<string, (payload: unknown) => void>([
      ['stream:init', (payload) => this.#init(payload)],
      ['fragment:data', (payload) => this.#fragment(payload)],
      ['fragment:ack', (payload) => this.#acknowledge(payload)],
      ['stream:pause', (payload) => this.#sessionNamedIn(payload).pause()],
      ['stream:resume', (payload) => this.#sessionNamedIn(payload).resume()],
      ['stream:end', (payload) => this.#sessionNamedIn(payload).end()],
    ]);
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Starts listening to the socket; `onClosed` is called once, when it has gone. */
  open(onClosed: () => void): void {
    const { 'x-stream-id': streamId, 'x-worker-id': workerId } = this.#socket.handshake.headers;
    this.#logger.info(
      {
        ...describePayload({ stream_id: streamId }),
        ...(typeof workerId === 'string' ? { workerId: workerId.slice(0, 128) } : {}),
      },
      'connected',
    );
    this.#socket.onAny((event: unknown, ...args: unknown[]) => this.#receive(String(event), args));
    this.#socket.once('disconnect', (reason) => {
      this.#logger.info({ reason, ...this.#streamField() }, 'disconnected');
      this.#simulated.clear();
      this.#autoDisconnect.clear();
      this.#closeSession();
      onClosed();
    });
  }

  send(event: string, payload: object): void {
    this.#ports.metrics.events.inc({ direction: 'sent', event });
    this.#logger[event === 'error' ? 'warn' : 'info'](
      { event, direction: 'sent', ...describePayload(payload, this.#session) },
      'event sent',
    );
    this.#socket.emit(event, payload);
  }

  disconnectAfter(delayMs: number, abrupt: boolean): void {
    this.#simulated.after(delayMs, () => this.disconnect('simulated', abrupt));
  }

  callOffDisconnect(): void {
    this.#simulated.clear();
  }

  /** `abrupt` closes the transport without Socket.IO's goodbye, as a lost network would. */
  disconnect(cause: DisconnectCause, abrupt = false): void {
    this.#logger.info({ cause, abrupt, ...this.#streamField() }, 'disconnecting');
    if (abrupt) this.#socket.conn.close(true);
    else this.#socket.disconnect(true);
  }

  #receive(event: string, args: unknown[]): void {
    const payload = typeof args[0] === 'function' ? undefined : args[0];
    const last = args.at(-1);
    const callback = typeof last === 'function' ? last : undefined;
    const handler = this.#handlers.get(event);
    const control = this.#ports.controls.handlers.get(event);
    this.#ports.metrics.events.inc({ direction: 'received', event: handler || control ? event : 'unknown' });
    this.#logger.info(
      {
        event: event.slice(0, SHOWN_EVENT_CHARS),
        direction: 'received',
        ...describePayload(payload, this.#session),
      },
      'event received',
    );
    try {
      if (handler) handler(payload);
      else if (control) this.#acknowledgeControl(event, control(this, payload), callback);
      else throw new ProtocolError('INVALID_CONFIG', `unknown event ${event.slice(0, SHOWN_EVENT_CHARS)}`);
    } catch (error) {
      this.#refuse(event, payload, error);
    }
  }

  #acknowledgeControl(event: string, acknowledgement: object | undefined, callback: unknown): void {
    if (!acknowledgement) return;
    this.send(`${event}:ack`, acknowledgement);
    if (typeof callback === 'function') callback(acknowledgement);
  }

  #init(payload: unknown): void {
    const init = parsePayload(streamInit, payload);
    if (!this.#session) this.#ports.admitSession();
    // A worker whose source came back starts a new session on the same socket.
    this.#autoDisconnect.clear();
    this.#closeSession();
    const { controls, metrics, random, autoDisconnectDelayMs } = this.#ports;
    this.#session = new Session(init, controls.defaults, {
      send: (event, answer) => this.send(event, answer),
      onComplete: () => this.#autoDisconnect.after(autoDisconnectDelayMs, () => this.disconnect('complete')),
      metrics,
      logger: this.#logger,
      random,
    });
    this.#session.start();
  }

  #fragment(payload: unknown): void {
    const result = fragmentData.safeParse(payload);
    if (result.success) {
      this.#sessionOf(result.data.stream_id).take(result.data);
      return;
    }
    const { sequence_number: number } = describePayload(payload);
    if (typeof number === 'number') this.#session?.passOver(number);
    throw new ProtocolError('INVALID_CONFIG', describeIssues(result.error));
  }

  #acknowledge(payload: unknown): void {
    const { fragment_id: fragmentId } = parsePayload(fragmentAck, payload);
    if (!this.#session) throw new ProtocolError('STREAM_NOT_FOUND', 'no stream:init on this connection');
    this.#session.acknowledge(fragmentId);
  }

  #sessionNamedIn(payload: unknown): Session {
    return this.#sessionOf(parsePayload(streamNotice, payload).stream_id);
  }

  #sessionOf(streamId: string): Session {
    if (this.#session?.streamId === streamId) return this.#session;
    throw new ProtocolError('STREAM_NOT_FOUND', `no stream:init of ${streamId} on this connection`);
  }

  #refuse(event: string, payload: unknown, error: unknown): void {
    if (!(error instanceof ProtocolError)) this.#logger.error({ err: error, event }, 'handling an event failed');
    const refusal = error instanceof ProtocolError ? error : new ProtocolError('MODEL_ERROR', 'internal error');
    const {
      streamId,
      'fragment.id': fragmentId,
      sequence_number: sequenceNumber,
    } = describePayload(payload, this.#session);
    this.#ports.metrics.errors.inc({ code: errorLabel(refusal.code) });
    if (event === 'fragment:data') this.#ports.metrics.fragments.inc({ status: 'refused' });
    this.send('error', {
      error_id: randomUUID(),
      ...(streamId === undefined ? {} : { stream_id: streamId }),
      ...(fragmentId === undefined ? {} : { fragment_id: fragmentId }),
      code: refusal.code,
      message: refusal.message,
      ...errorClassOf(refusal.code),
      metadata: {
        event: event.slice(0, SHOWN_EVENT_CHARS),
        ...(typeof sequenceNumber === 'number' ? { sequence_number: sequenceNumber } : {}),
        ...refusal.metadata,
      },
    });
  }

  #closeSession(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  #streamField(): { streamId?: string } {
    return this.#session ? { streamId: this.#session.streamId } : {};
  }
}
