// Which sequence number may come next: 0, then one more each time.
// The number of a fragment that was refused may be used again or left out: a worker that moves on and one that corrects itself are both right.

export class Sequence {
  #next = 0;
  #highest = 0;

  /** The number that the next fragment is expected to have. */
  get next(): number {
    return this.#next;
  }

  allows(number: number): boolean {
    return number >= this.#next && number <= this.#highest;
  }

  accept(number: number): void {
    this.#next = number + 1;
    this.#highest = Math.max(this.#highest, this.#next);
  }

  /** A fragment with this number was turned away; a number that was out of order changes nothing. */
  refuse(number: number): void {
    if (number === this.#highest) this.#highest = number + 1;
  }
}
