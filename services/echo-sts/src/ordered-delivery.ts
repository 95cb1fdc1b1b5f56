// Answers leave in the order in which their fragments were taken, whichever is ready first.

interface Place {
  deliver?: () => void;
}

export class OrderedDelivery {
  #queue: Place[] = [];
  readonly #onIdle: () => void;

  /** `onIdle` is called whenever the last waiting answer has left. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Fragments whose answer has not left. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Takes the next place in the order; calling what it returns says that this answer is ready. */
  takePlace(): (deliver: () => void) => void {
    const place: Place = {};
    this.#queue.push(place);
    return (deliver) => {
      place.deliver = deliver;
      this.#flush();
    };
  }

  /** Forgets every answer that has not left. */
  clear(): void {
    this.#queue = [];
  }

  #flush(): void {
    const waiting = this.#queue.length;
    for (let head = this.#queue[0]; head?.deliver; head = this.#queue[0]) {
      this.#queue.shift();
      head.deliver();
    }
    if (waiting > 0 && this.#queue.length === 0) this.#onIdle();
  }
}
