// A growing list of numbers in a typed array: hours of packets or frames in a few megabytes, where objects would take hundreds.

type Store = Float64Array | Int32Array | Uint8Array;

abstract class NumberList<S extends Store> {
  #store: S;
  #length = 0;

  constructor(first: S) {
    this.#store = first;
  }

  protected abstract grow(store: S): S;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#store.length) this.#store = this.grow(this.#store);
    this.#store[this.#length] = value;
    this.#length += 1;
  }

  /** The value at `index`; NaN outside the list. */
  at(index: number): number {
    return index >= 0 && index < this.#length ? (this.#store[index] as number) : Number.NaN;
  }

  /** The values, without a copy: read only, and only until the next push. */
  view(): S {
    return this.#store.subarray(0, this.#length) as S;
  }
}

export class Float64List extends NumberList<Float64Array> {
  constructor() {
    super(new Float64Array(1024));
  }
  protected grow(store: Float64Array): Float64Array {
    const next = new Float64Array(store.length * 2);
    next.set(store);
    return next;
  }
}

export class Int32List extends NumberList<Int32Array> {
  constructor() {
    super(new Int32Array(1024));
  }
  protected grow(store: Int32Array): Int32Array {
    const next = new Int32Array(store.length * 2);
    next.set(store);
    return next;
  }
}

export class Uint8List extends NumberList<Uint8Array> {
  constructor() {
    super(new Uint8Array(1024));
  }
  protected grow(store: Uint8Array): Uint8Array {
    const next = new Uint8Array(store.length * 2);
    next.set(store);
    return next;
  }
}
