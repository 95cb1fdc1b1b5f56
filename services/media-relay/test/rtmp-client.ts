// A small RTMP client for tests: handshake, commands and media, both publishing and playing.

import { connect, type Socket } from 'node:net';
import { type AmfValue, decodeAmf, encodeAmf } from '../src/codec/amf0.ts';
import { ChunkReader, type RtmpMessage } from '../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../src/rtmp/chunk-writer.ts';
import { until } from './until.ts';

export class RtmpClient {
  readonly socket: Socket;
  readonly messages: RtmpMessage[] = [];
  readonly writer: ChunkWriter;
  closed = false;
  ended = false;
  #handshakeLeft = 1 + 1536 * 2;
  readonly #chunks: ChunkReader;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.writer = new ChunkWriter(socket);
    this.#chunks = new ChunkReader((message) => {
      if (message.type === 1) this.#chunks.setChunkSize(message.payload.readUInt32BE(0));
      this.messages.push(message);
    });
    socket.on('data', (chunk: Buffer) => {
      const skip = Math.min(chunk.length, this.#handshakeLeft);
      this.#handshakeLeft -= skip;
      if (skip < chunk.length) this.#chunks.push(chunk.subarray(skip));
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open(port: number): Promise<RtmpClient> {
    const client = await new Promise<RtmpClient>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => resolve(new RtmpClient(socket)));
      socket.once('error', reject);
    });
    client.socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536 * 2)]));
    return client;
  }

  command(...values: readonly AmfValue[]): void {
    this.writer.send({ chunkStream: 3, type: 20, streamId: 1, timestampMs: 0, payload: encodeAmf(...values) });
  }

  media(type: 8 | 9 | 18, timestampMs: number, payload: Buffer): void {
    this.writer.send({ chunkStream: type === 8 ? 4 : 6, type, streamId: 1, timestampMs, payload });
  }

  /** The codes of all `onStatus` received. */
  get statuses(): string[] {
    return this.messages
      .filter((message) => message.type === 20)
      .map((message) => decodeAmf(message.payload))
      .filter((values) => values[0] === 'onStatus')
      .map((values) => String((values[3] as { code?: string } | undefined)?.code));
  }

  async start(verb: 'publish' | 'play', app: string, name: string): Promise<void> {
    this.command('connect', 1, { app });
    this.command('createStream', 2, null);
    if (verb === 'publish') this.command('publish', 3, null, name, 'live');
    else this.command('play', 3, null, name, -2000);
    if (verb === 'publish') await until('an answer to publish', () => this.statuses.length > 0 || this.closed);
  }

  close(): void {
    this.socket.destroy();
  }
}
