// Puts packets that UDP delivered out of order back in order, waiting only a moment for those that are missing.

const MAX_HELD = 64;
const MAX_WAIT_MS = 50;
/** A sequence number further away than this is a new start of the sender, not a late or an early packet. */
const MAX_DISTANCE = 3_000;

export class ReorderBuffer {
  readonly #deliver: (packet: Buffer) => void;
  readonly #held = new Map<number, Buffer>();
  #next: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deliver: (packet: Buffer) => void) {
    this.#deliver = deliver;
  }

  push(sequence: number, packet: Buffer): void {
    this.#next ??= sequence;
    const distance = ((sequence - this.#next) << 16) >> 16;
    if (Math.abs(distance) > MAX_DISTANCE) {
      this.flush();
      this.#next = sequence;
    } else if (distance < 0) {
      return; // a duplicate, or too late to be of use
    }
    if (sequence === this.#next) {
      this.#pass(packet);
      this.#passHeld();
      return;
    }
    this.#held.set(sequence, packet);
    if (this.#held.size > MAX_HELD) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), MAX_WAIT_MS);
  }

  /** Gives up on what is missing and hands over what is there, in order. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const start = this.#next ?? 0;
    const distance = (sequence: number) => (sequence - start) & 0xffff;
    const waiting = [...this.#held].sort(([a], [b]) => distance(a) - distance(b));
    this.#held.clear();
    for (const [sequence, packet] of waiting) {
      this.#next = sequence;
      this.#pass(packet);
    }
  }

  #passHeld(): void {
    for (;;) {
      const sequence = this.#next ?? 0;
      const packet = this.#held.get(sequence);
      if (packet === undefined) break;
      this.#held.delete(sequence);
      this.#pass(packet);
    }
    if (this.#held.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #pass(packet: Buffer): void {
    this.#next = ((this.#next ?? 0) + 1) & 0xffff;
    this.#deliver(packet);
  }
}
