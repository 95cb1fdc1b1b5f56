// One RTMP connection: handshake, control messages and commands, then a publisher or a reader.

import { randomUUID } from 'node:crypto';
import { type AmfValue, decodeAmf } from '../codec/amf0.ts';
import { FLV_AUDIO, FLV_VIDEO } from '../codec/flv.ts';
import { normalisePath } from '../core/path-name.ts';
import { PathRefusedError } from '../core/path-registry.ts';
import { ProtocolError } from '../core/protocol-error.ts';
import type { RelayContext } from '../core/relay-context.ts';
import type { Stream } from '../core/stream.ts';
import type { Connection, ConnectionSocket } from '../core/tcp-server.ts';
import { ChunkReader, type RtmpMessage } from './chunk-reader.ts';
import { ChunkWriter, SENT_CHUNK_SIZE } from './chunk-writer.ts';
import { Handshake } from './handshake.ts';
import * as rtmp from './protocol.ts';
import { RtmpPublisher } from './publisher.ts';
import { RtmpReader } from './reader.ts';

export class RtmpConnection implements Connection {
  readonly id = randomUUID();
  readonly #context: RelayContext;
  readonly #link: ConnectionSocket;
  readonly #writer: ChunkWriter;
  readonly #chunks: ChunkReader;
  #handshake: Handshake | undefined;
  #app: string | undefined;
  #publisher: RtmpPublisher | undefined;
  #reader: RtmpReader | undefined;
  #waiting = false;
  #cancelWait: () => void = () => {};
  #idleTimer: NodeJS.Timeout | undefined;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #closed = false;

  constructor(context: RelayContext, link: ConnectionSocket) {
    this.#context = context;
    this.#link = link;
    this.#writer = new ChunkWriter(link.socket);
    this.#handshake = new Handshake((bytes) => link.socket.write(bytes));
    this.#chunks = new ChunkReader((message) => this.#onMessage(message));
    this.#armIdleTimer(context.config.requestTimeoutMs);
  }

  onData(chunk: Buffer): void {
    if (this.#closed) return;
    this.#receivedBytes += chunk.length;
    if (this.#publisher !== undefined) this.#idleTimer?.refresh();
    if (this.#handshake === undefined) {
      this.#chunks.push(chunk);
    } else {
      const rest = this.#handshake.push(chunk);
      if (rest === undefined) return;
      this.#handshake = undefined;
      this.#chunks.push(rest);
    }
    if (this.#receivedBytes - this.#acknowledgedBytes < rtmp.WINDOW_BYTES / 2) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.#writer.send(rtmp.controlMessage(rtmp.ACKNOWLEDGEMENT, this.#receivedBytes));
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endSession('connection closed');
  }

  stop(): void {
    this.#endSession('relay stops');
  }

  #onMessage(message: RtmpMessage): void {
    if (this.#closed) return;
    switch (message.type) {
      case rtmp.SET_CHUNK_SIZE:
        this.#chunks.setChunkSize(word(message.payload) & 0x7fffffff);
        return;
      case rtmp.ABORT:
        this.#chunks.abort(word(message.payload));
        return;
      case rtmp.USER_CONTROL:
        if (message.payload.length >= 6 && message.payload.readUInt16BE(0) === rtmp.PING_REQUEST) {
          this.#writer.send(rtmp.userControl(rtmp.PING_RESPONSE, message.payload.readUInt32BE(2)));
        }
        return;
      case rtmp.COMMAND_AMF0:
        this.#onCommand(decodeAmf(message.payload));
        return;
      case rtmp.COMMAND_AMF3: // AMF0 after one format byte, in practice
        this.#onCommand(decodeAmf(message.payload.subarray(1)));
        return;
      case FLV_AUDIO:
      case FLV_VIDEO:
      case rtmp.DATA_AMF0:
        this.#publisher?.onMessage(message);
        return;
      case rtmp.DATA_AMF3:
        this.#publisher?.onMessage({ ...message, type: rtmp.DATA_AMF0, payload: message.payload.subarray(1) });
        return;
      default: // acknowledgements, window sizes, shared objects: nothing to do
    }
  }

  #onCommand(values: readonly AmfValue[]): void {
    const [name, transaction, object, ...args] = values;
    if (typeof name !== 'string') throw new ProtocolError('a command without a name');
    const id = typeof transaction === 'number' ? transaction : 0;
    if (this.#app === undefined && name !== 'connect') throw new ProtocolError(`${name} before connect`);
    switch (name) {
      case 'connect':
        this.#connect(id, object);
        return;
      case 'createStream':
        this.#writer.send(rtmp.command(0, '_result', id, null, rtmp.STREAM_ID));
        return;
      case 'getStreamLength':
        this.#writer.send(rtmp.command(0, '_result', id, null, 0)); // live
        return;
      case 'releaseStream':
      case '_checkbw':
        this.#writer.send(rtmp.command(0, '_result', id, null, undefined));
        return;
      case 'FCPublish':
        this.#writer.send(
          rtmp.command(0, 'onFCPublish', 0, null, { code: 'NetStream.Publish.Start', description: '' }),
        );
        return;
      case 'publish':
        this.#publish(this.#pathOf(args[0]));
        return;
      case 'play':
        this.#play(this.#pathOf(args[0]));
        return;
      case 'FCUnpublish':
        if (this.#publisher !== undefined) this.#endSession('unpublished');
        return;
      case 'deleteStream':
      case 'closeStream':
        this.#endSession(name);
        return;
      default: // FCSubscribe, pause, receiveAudio and others need no answer
        this.#context.log.debug({ protocol: 'rtmp', remote: this.#link.remote, command: name.slice(0, 40) }, 'ignored');
    }
  }

  #connect(id: number, object: AmfValue): void {
    const app = typeof object === 'object' && object !== null && !Array.isArray(object) ? object.app : undefined;
    if (typeof app !== 'string') throw new ProtocolError('connect without an application name');
    this.#app = app;
    this.#writer.send(rtmp.controlMessage(rtmp.WINDOW_SIZE, rtmp.WINDOW_BYTES));
    this.#writer.send(rtmp.controlMessage(rtmp.PEER_BANDWIDTH, rtmp.WINDOW_BYTES));
    this.#writer.send(rtmp.controlMessage(rtmp.SET_CHUNK_SIZE, SENT_CHUNK_SIZE));
    this.#writer.setChunkSize(SENT_CHUNK_SIZE);
    const server = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31 };
    const info = {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      objectEncoding: 0,
    };
    this.#writer.send(rtmp.command(0, '_result', id, server, info));
  }

  /** Application and stream name together are the path, whichever way the client split its URL. */
  #pathOf(name: AmfValue): string {
    const withoutQuery = (text: string) => text.replace(/\?.*$/s, '');
    const path = normalisePath(
      `${withoutQuery(this.#app ?? '')}/${withoutQuery(typeof name === 'string' ? name : '')}`,
    );
    if (path === undefined) throw new ProtocolError('malformed stream name');
    return path;
  }

  #publish(path: string): void {
    if (this.#publisher !== undefined || this.#reader !== undefined || this.#waiting) {
      throw new ProtocolError('publish on a connection already in use');
    }
    const { log, paths, config } = this.#context;
    try {
      const publication = paths.claim(path, { type: 'rtmpConn', id: this.id });
      this.#publisher = new RtmpPublisher(this.#context, publication, {
        onReady: (stream) =>
          log.info({ path, tracks: stream.tracks, protocol: 'rtmp', remote: this.#link.remote }, 'stream ready'),
        guard: this.#link.guard,
        abort: this.#link.abort,
      });
    } catch (error) {
      if (!(error instanceof PathRefusedError)) throw error;
      log.warn({ path, protocol: 'rtmp', remote: this.#link.remote, reason: error.message }, 'publisher refused');
      this.#writer.send(rtmp.status('error', 'NetStream.Publish.BadName', error.message));
      this.#link.finish();
      return;
    }
    this.#armIdleTimer(config.publisherTimeoutMs);
    this.#writer.send(rtmp.userControl(rtmp.STREAM_BEGIN, rtmp.STREAM_ID));
    this.#writer.send(rtmp.status('status', 'NetStream.Publish.Start', 'publishing'));
  }

  #play(path: string): void {
    if (this.#publisher !== undefined || this.#reader !== undefined || this.#waiting) {
      throw new ProtocolError('play on a connection already in use');
    }
    clearTimeout(this.#idleTimer);
    this.#waiting = true;
    const notFound = () => {
      this.#waiting = false;
      this.#context.log.info({ path, protocol: 'rtmp', remote: this.#link.remote }, 'no stream for a reader');
      this.#writer.send(rtmp.status('error', 'NetStream.Play.StreamNotFound', 'no such stream'));
      this.#link.finish();
    };
    this.#cancelWait = this.#context.paths.waitForStream(path, this.#context.config.readerWaitMs, {
      onStream: (stream) => {
        this.#waiting = false;
        if (stream.flv === undefined) notFound();
        else this.#startReader(stream);
      },
      onTimeout: notFound,
    });
  }

  #startReader(stream: Stream): void {
    const feed = stream.flv;
    if (feed === undefined) return;
    const { socket } = this.#link;
    const { log, config } = this.#context;
    this.#writer.send(rtmp.userControl(rtmp.STREAM_BEGIN, rtmp.STREAM_ID));
    this.#writer.send(rtmp.status('status', 'NetStream.Play.Reset', 'reset'));
    this.#writer.send(rtmp.status('status', 'NetStream.Play.Start', 'playing'));
    log.info({ path: stream.path, protocol: 'rtmp', remote: this.#link.remote }, 'reader joined');
    this.#reader = new RtmpReader({
      id: this.id,
      stream,
      feed,
      writer: this.#writer,
      queuedBytes: () => socket.writableLength,
      bufferBytes: config.readerBufferBytes,
      onEnd: () => this.#link.finish(),
      onOverflow: (queuedBytes) => this.#dropSlowReader(queuedBytes),
    });
    this.#reader.start();
  }

  #dropSlowReader(queuedBytes: number): void {
    this.#context.counters.readersDropped.rtmp += 1;
    this.#context.log.warn(
      { path: this.#reader?.stream.path, protocol: 'rtmp', remote: this.#link.remote, queuedBytes },
      'reader dropped: it does not keep up',
    );
    this.#endSession('too slow');
    this.#link.abort('too slow');
  }

  #endSession(reason: string): void {
    clearTimeout(this.#idleTimer);
    this.#cancelWait();
    const publisher = this.#publisher;
    const reader = this.#reader;
    this.#publisher = undefined;
    this.#reader = undefined;
    this.#waiting = false;
    if (publisher !== undefined) {
      publisher.end();
      this.#context.log.info({ path: publisher.publication.path, protocol: 'rtmp', reason }, 'publisher left');
    }
    if (reader !== undefined) {
      reader.close();
      this.#context.log.info({ path: reader.stream.path, protocol: 'rtmp', reason }, 'reader left');
    }
    if (!this.#closed) this.#armIdleTimer(this.#context.config.requestTimeoutMs);
  }

  #armIdleTimer(withinMs: number): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#link.abort(`nothing received for ${withinMs} ms`), withinMs);
  }
}

function word(payload: Buffer): number {
  if (payload.length < 4) throw new ProtocolError('control message cut short');
  return payload.readUInt32BE(0);
}
