// One RTMP reader of a stream: configuration and everything since the last keyframe first, then each message as it comes.

import { FLV_AUDIO, FLV_VIDEO, type FlvMessage } from '../codec/flv.ts';
import type { FlvFeed } from '../core/flv-feed.ts';
import type { Stream, StreamReader } from '../core/stream.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { STREAM_EOF, STREAM_ID, status, userControl } from './protocol.ts';

/** GStreamer ends on the end's message at once and throws away the frame that it has not passed on yet: give it time to. */
const GOODBYE_DELAY_MS = 100;

export interface RtmpReaderOptions {
  id: string;
  stream: Stream;
  feed: FlvFeed;
  writer: ChunkWriter;
  queuedBytes(): number;
  bufferBytes: number;
  /** The stream is over and everything was handed to the socket. */
  onEnd(): void;
  /** The reader does not keep up: `queuedBytes` are waiting. */
  onOverflow(queuedBytes: number): void;
}

export class RtmpReader implements StreamReader {
  readonly type = 'rtmpConn' as const;
  readonly reading = true;
  readonly id: string;
  readonly stream: Stream;
  readonly #options: RtmpReaderOptions;
  #unsubscribe: () => void = () => {};
  #goodbye: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RtmpReaderOptions) {
    this.id = options.id;
    this.stream = options.stream;
    this.#options = options;
  }

  start(): void {
    this.stream.readers.add(this);
    this.#unsubscribe = this.#options.feed.subscribe((message) => this.#send(message));
    if (this.#closed) this.#unsubscribe(); // dropped while it was sent the past
  }

  onStreamEnd(): void {
    this.#unsubscribe();
    this.#goodbye ??= setTimeout(() => this.#sayGoodbye(), GOODBYE_DELAY_MS);
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.stream.readers.delete(this);
    if (this.#goodbye !== undefined) this.#sayGoodbye(); // the relay stops, or the reader left first
  }

  #sayGoodbye(): void {
    clearTimeout(this.#goodbye);
    this.#goodbye = undefined;
    const { writer, onEnd } = this.#options;
    writer.send(userControl(STREAM_EOF, STREAM_ID));
    writer.send(status('status', 'NetStream.Play.UnpublishNotify', 'the publisher left'));
    onEnd();
  }

  #send(message: FlvMessage): void {
    if (this.#closed) return;
    const queuedBytes = this.#options.queuedBytes();
    if (queuedBytes > this.#options.bufferBytes) {
      this.#options.onOverflow(queuedBytes);
      return;
    }
    const chunkStream = message.type === FLV_VIDEO ? 6 : message.type === FLV_AUDIO ? 4 : 5;
    const { type, timestampMs, payload } = message;
    this.#options.writer.send({ chunkStream, type, streamId: STREAM_ID, timestampMs, payload });
    this.stream.bytesSent += payload.length;
  }
}
