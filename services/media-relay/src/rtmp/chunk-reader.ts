// Reassembles RTMP messages from a chunk stream (Adobe RTMP 1.0, 5.3), within bounds on sizes and on what is half received.

import { ProtocolError } from '../core/protocol-error.ts';

export interface RtmpMessage {
  type: number;
  streamId: number;
  /** Milliseconds, 32 bits. */
  timestamp: number;
  payload: Buffer;
}

const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const MAX_HALF_RECEIVED_BYTES = 16 * 1024 * 1024;
const MAX_CHUNK_STREAMS = 64;
const EXTENDED = 0xffffff;

interface ChunkStream {
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  streamId: number;
  extended: boolean;
  payload: Buffer | undefined;
  received: number;
}

export class ChunkReader {
  readonly #onMessage: (message: RtmpMessage) => void;
  readonly #streams = new Map<number, ChunkStream>();
  #chunkSize = 128;
  #pending: Buffer = Buffer.alloc(0);
  /** The chunk whose payload is being received, and how much of it is still to come. */
  #current: ChunkStream | undefined;
  #remaining = 0;
  #halfReceivedBytes = 0;

  constructor(onMessage: (message: RtmpMessage) => void) {
    this.#onMessage = onMessage;
  }

  /** The peer announced another chunk size for what it sends from here on. */
  setChunkSize(size: number): void {
    if (size < 1 || size > 0x7fffffff) throw new ProtocolError(`chunk size ${size} is not allowed`);
    this.#chunkSize = size;
  }

  /** Drops a half-received message, as the peer's Abort Message asks. */
  abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId);
    if (stream?.payload === undefined) return;
    this.#halfReceivedBytes -= stream.length;
    stream.payload = undefined;
  }

  push(chunk: Buffer): void {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at < data.length || (this.#current !== undefined && this.#remaining === 0)) {
      const used = this.#current === undefined ? this.#header(data, at) : this.#payload(this.#current, data, at);
      if (used === undefined) break;
      at += used;
    }
    this.#pending = data.subarray(at);
  }

  /** Reads one chunk header; undefined when it is not whole yet. */
  #header(data: Buffer, start: number): number | undefined {
    let at = start;
    const first = data.readUInt8(at++);
    const format = first >> 6;
    let id = first & 0x3f;
    if (id < 2) {
      if (at + id + 1 > data.length) return undefined;
      id = id === 0 ? data.readUInt8(at) + 64 : data.readUInt16LE(at) + 64;
      at += (first & 0x3f) + 1;
    }
    const known = this.#streams.get(id);
    if (known === undefined) {
      if (format === 3) throw new ProtocolError(`chunk stream ${id} continues what never began`);
      if (this.#streams.size >= MAX_CHUNK_STREAMS) throw new ProtocolError('too many chunk streams');
    }
    const headerLength = [11, 7, 3, 0][format] ?? 0;
    if (at + headerLength > data.length) return undefined;
    const field = format < 3 ? data.readUIntBE(at, 3) : undefined;
    const extended = field === undefined ? (known?.extended ?? false) : field === EXTENDED;
    if (at + headerLength + (extended ? 4 : 0) > data.length) return undefined;

    const stream: ChunkStream = known ?? {
      timestamp: 0,
      delta: 0,
      length: 0,
      type: 0,
      streamId: 0,
      extended: false,
      payload: undefined,
      received: 0,
    };
    const begins = stream.payload === undefined;
    if (!begins && format !== 3) throw new ProtocolError(`chunk stream ${id} starts a message inside another`);
    if (format <= 1) {
      stream.length = data.readUIntBE(at + 3, 3);
      stream.type = data.readUInt8(at + 6);
    }
    if (format === 0) stream.streamId = data.readUInt32LE(at + 7);
    at += headerLength;
    const time = extended ? data.readUInt32BE(at) : field;
    if (extended) at += 4;
    stream.extended = extended;
    if (format === 0) {
      stream.timestamp = time ?? 0;
      // A type 3 chunk that begins a message after a type 0 one repeats its timestamp as a delta (5.3.1.2.4).
      stream.delta = time ?? 0;
    } else if (begins) {
      if (format !== 3) stream.delta = time ?? 0;
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
    }
    if (known === undefined) this.#streams.set(id, stream);
    if (begins) this.#begin(stream);
    this.#current = stream;
    this.#remaining = Math.min(this.#chunkSize, stream.length - stream.received);
    return at - start;
  }

  #begin(stream: ChunkStream): void {
    if (stream.length > MAX_MESSAGE_BYTES) throw new ProtocolError(`message of ${stream.length} bytes`);
    this.#halfReceivedBytes += stream.length;
    if (this.#halfReceivedBytes > MAX_HALF_RECEIVED_BYTES) throw new ProtocolError('too many half-received messages');
    stream.payload = Buffer.allocUnsafe(stream.length);
    stream.received = 0;
  }

  #payload(stream: ChunkStream, data: Buffer, at: number): number {
    const payload = stream.payload ?? Buffer.alloc(0);
    const used = Math.min(this.#remaining, data.length - at);
    data.copy(payload, stream.received, at, at + used);
    stream.received += used;
    this.#remaining -= used;
    if (this.#remaining > 0) return used;
    this.#current = undefined;
    if (stream.received === stream.length) {
      stream.payload = undefined;
      this.#halfReceivedBytes -= stream.length;
      this.#onMessage({ type: stream.type, streamId: stream.streamId, timestamp: stream.timestamp, payload });
    }
    return used;
  }
}
