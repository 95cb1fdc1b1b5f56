// Fans one publisher's items out to its readers, and keeps those since the last keyframe for readers that join later.

export interface FeedItem {
  readonly sizeBytes: number;
}

export interface GopFeedOptions {
  cacheBytes: number;
  /** Called once each time a GOP outgrows the cache. */
  onOverflow?: () => void;
}

export class GopFeed<T extends FeedItem> {
  readonly #options: GopFeedOptions;
  readonly #listeners = new Set<(item: T) => void>();
  #cache: T[] = [];
  #cacheBytes = 0;
  /** Sequence number of the first cached item; the next item gets `#first + #cache.length` unless the cache overflowed. */
  #first = 0;
  #next = 0;
  #overflowed = false;

  constructor(options: GopFeedOptions) {
    this.#options = options;
  }

  /** What a reader that joined now would get first. */
  get cached(): readonly T[] {
    return this.#cache;
  }

  /** Sequence number that the next pushed item will get. */
  get next(): number {
    return this.#next;
  }

  push(item: T): void {
    this.#next += 1;
    if (!this.#overflowed) {
      this.#cache.push(item);
      this.#cacheBytes += item.sizeBytes;
      if (this.#cacheBytes > this.#options.cacheBytes) {
        this.#overflowed = true;
        this.#cache = [];
        this.#cacheBytes = 0;
        this.#options.onOverflow?.();
      }
    }
    for (const listener of this.#listeners) listener(item);
  }

  /** Makes the item with this sequence number the first that a new reader gets. */
  startAt(sequence: number): void {
    if (this.#overflowed) {
      // Whatever came before was thrown away, so the new GOP can only be kept when it starts with the next item.
      if (sequence !== this.#next) return;
      this.#overflowed = false;
      this.#first = sequence;
      return;
    }
    const drop = sequence - this.#first;
    if (drop <= 0) return;
    for (const item of this.#cache.splice(0, drop)) this.#cacheBytes -= item.sizeBytes;
    this.#first = sequence;
  }

  /** Keeps at most the last `count` items: what a stream without video offers to a new reader. */
  keepLast(count: number): void {
    if (this.#next - this.#first > count * 2) this.startAt(this.#next - count);
  }

  /** Hands over everything since the last keyframe at once, then each item as it comes. Returns the undo. */
  subscribe(listener: (item: T) => void): () => void {
    for (const item of this.#cache) listener(item);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
