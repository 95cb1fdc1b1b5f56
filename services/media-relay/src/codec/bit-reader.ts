// Reads bit fields and Exp-Golomb codes (H.264, 9.1) from a buffer; reading past its end is a protocol error.

import { ProtocolError } from '../core/protocol-error.ts';

export class BitReader {
  readonly #data: Uint8Array;
  #bit = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get bitsLeft(): number {
    return this.#data.length * 8 - this.#bit;
  }

  bits(count: number): number {
    if (count > this.bitsLeft) throw new ProtocolError('bit field cut short');
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#data[this.#bit >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1);
      this.#bit += 1;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** ue(v) */
  unsigned(): number {
    let zeros = 0;
    while (this.bits(1) === 0) {
      zeros += 1;
      if (zeros > 31) throw new ProtocolError('malformed Exp-Golomb code');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
