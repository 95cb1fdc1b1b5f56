// Sends RTMP messages as chunks (Adobe RTMP 1.0, 5.3), each with a full header, so that no state can get out of step.

import type { Socket } from 'node:net';

/** Large enough that most frames are one chunk, small enough for every client seen. */
export const SENT_CHUNK_SIZE = 65_536;
const INITIAL_CHUNK_SIZE = 128;
const EXTENDED = 0xffffff;

export interface OutgoingMessage {
  chunkStream: number;
  type: number;
  streamId: number;
  timestampMs: number;
  payload: Buffer;
}

export class ChunkWriter {
  readonly #socket: Socket;
  #chunkSize = INITIAL_CHUNK_SIZE;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  setChunkSize(size: number): void {
    this.#chunkSize = size;
  }

  send(message: OutgoingMessage): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    const { payload } = message;
    const timestamp = message.timestampMs % 2 ** 32;
    const extended = timestamp >= EXTENDED;
    const head = Buffer.allocUnsafe(extended ? 16 : 12);
    head.writeUInt8(message.chunkStream, 0);
    head.writeUIntBE(extended ? EXTENDED : timestamp, 1, 3);
    head.writeUIntBE(payload.length, 4, 3);
    head.writeUInt8(message.type, 7);
    head.writeUInt32LE(message.streamId, 8);
    if (extended) head.writeUInt32BE(timestamp, 12);
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(head);
    for (let at = 0; at < payload.length; at += this.#chunkSize) {
      if (at > 0) socket.write(continuation(message.chunkStream, extended ? timestamp : undefined));
      socket.write(payload.subarray(at, at + this.#chunkSize));
    }
  }
}

/** Header of a type 3 chunk; the extended timestamp is repeated in it (5.3.1.3), as FFmpeg, librtmp and others expect. */
function continuation(chunkStream: number, extendedTimestamp: number | undefined): Buffer {
  const head = Buffer.allocUnsafe(extendedTimestamp === undefined ? 1 : 5);
  head.writeUInt8(0xc0 | chunkStream, 0);
  if (extendedTimestamp !== undefined) head.writeUInt32BE(extendedTimestamp, 1);
  return head;
}
