// The server's side of RTMP's simple handshake (Adobe RTMP 1.0, 5.2): versions, then 1536 bytes each way and back.

import { randomBytes } from 'node:crypto';
import { ProtocolError } from '../core/protocol-error.ts';

const RANDOM_BYTES = 1536;
const VERSION = 3;

export class Handshake {
  readonly #send: (bytes: Buffer) => void;
  #received: Buffer = Buffer.alloc(0);
  #answered = false;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Takes bytes until the handshake is over; then returns what came after it, else undefined. */
  push(chunk: Buffer): Buffer | undefined {
    this.#received = Buffer.concat([this.#received, chunk]);
    if ((this.#received[0] ?? VERSION) !== VERSION) throw new ProtocolError(`RTMP version ${this.#received[0]}`);
    if (!this.#answered && this.#received.length >= 1 + RANDOM_BYTES) {
      this.#answered = true;
      // Time and version zero: clients then take the simple handshake instead of the digests of Flash players.
      const mine = Buffer.concat([Buffer.alloc(8), randomBytes(RANDOM_BYTES - 8)]);
      const theirs = this.#received.subarray(1, 1 + RANDOM_BYTES);
      this.#send(Buffer.concat([Buffer.from([VERSION]), mine, theirs]));
    }
    const length = 1 + RANDOM_BYTES * 2;
    return this.#received.length >= length ? this.#received.subarray(length) : undefined;
  }
}
