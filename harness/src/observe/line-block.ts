// Some hundred lines of one service, kept as bytes outside the garbage collector's reach: most lines are never looked at, and a thousand a
// second of small objects that stay cost more to move about than to write. Lines become objects when somebody asks for them.

import type { LogLine } from '../model/ports.ts';

const BLOCK_LINES = 512;
/** A line that is longer has a block of its own. */
const BLOCK_BYTES = 64 * 1024;

export class LineBlock {
  readonly #service: string;
  readonly #make: (line: LogLine) => LogLine;
  readonly #text: Buffer;
  readonly #ends = new Uint32Array(BLOCK_LINES);
  readonly #atMs = new Float64Array(BLOCK_LINES);
  readonly #isError = new Uint8Array(BLOCK_LINES);
  /** Those asked for so far, from the first on: the same object for the same line each time. */
  #made: LogLine[] = [];
  #earliestMs = Number.POSITIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;
  length = 0;

  /** `leastBytes`: of the first line. `make`: what a line is given out as. */
  constructor(service: string, leastBytes: number, make: (line: LogLine) => LogLine) {
    this.#service = service;
    this.#make = make;
    this.#text = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, leastBytes));
  }

  /** False when there is no room for it. */
  add({ atMs, stream, text }: LogLine, bytes: number): boolean {
    const from = this.#from(this.length);
    if (this.length === BLOCK_LINES || from + bytes > this.#text.length) return false;
    this.#text.write(text, from, 'utf8');
    this.#ends[this.length] = from + bytes;
    this.#atMs[this.length] = atMs;
    this.#isError[this.length] = stream === 'stderr' ? 1 : 0;
    this.#earliestMs = Math.min(this.#earliestMs, atMs);
    this.#latestMs = Math.max(this.#latestMs, atMs);
    this.length += 1;
    return true;
  }

  /** Whether any of its lines may have arrived in that time. */
  reaches(fromMs: number, toMs: number): boolean {
    return this.#latestMs >= fromMs && this.#earliestMs <= toMs;
  }

  /** Oldest first. */
  lines(): readonly LogLine[] {
    while (this.#made.length < this.length) {
      const index = this.#made.length;
      const text = this.#text.toString('utf8', this.#from(index), this.#ends[index]);
      const stream = this.#isError[index] === 1 ? 'stderr' : 'stdout';
      this.#made.push(this.#make({ atMs: this.atMs(index), service: this.#service, stream, text }));
    }
    return this.#made;
  }

  atMs(index: number): number {
    return this.#atMs[index] ?? 0;
  }

  bytes(index: number): number {
    return (this.#ends[index] ?? 0) - this.#from(index);
  }

  #from(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }
}
