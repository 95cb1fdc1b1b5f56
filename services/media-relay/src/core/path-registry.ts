// Knows who publishes on each path and which readers wait for a publisher to come.

import type { FaultTarget } from '../faults/media-fault.ts';
import type { Peer, Stream } from './stream.ts';

export class PathRefusedError extends Error {
  override readonly name = 'PathRefusedError';
}

/** A publisher's hold on a path, taken before its tracks are known. */
export class Publication {
  readonly path: string;
  readonly source: Peer;
  readonly #registry: PathRegistry;
  bytesReceived = 0;
  stream: Stream | undefined;
  /** Through which the path's faults reach the publisher. */
  target: FaultTarget | undefined;

  constructor(registry: PathRegistry, path: string, source: Peer) {
    this.#registry = registry;
    this.path = path;
    this.source = source;
  }

  /** The stream can be read now: readers that wait are told before this returns. */
  ready(stream: Stream): void {
    this.stream = stream;
    this.#registry.announce(stream);
  }

  end(): void {
    if (!this.#registry.release(this)) return;
    this.stream?.end();
  }
}

interface Waiter {
  onStream(stream: Stream): void;
  onTimeout(): void;
  timer: NodeJS.Timeout;
}

export class PathRegistry {
  readonly #publications = new Map<string, Publication>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #maxPaths: number;

  constructor(maxPaths: number) {
    this.#maxPaths = maxPaths;
  }

  get publications(): Publication[] {
    return [...this.#publications.values()];
  }

  get waitingReaders(): number {
    return [...this.#waiters.values()].reduce((sum, waiters) => sum + waiters.size, 0);
  }

  publication(path: string): Publication | undefined {
    return this.#publications.get(path);
  }

  /** Takes the path for one publisher; a second one is refused until the first has left. */
  claim(path: string, source: Peer): Publication {
    if (this.#publications.has(path)) throw new PathRefusedError('the path already has a publisher');
    if (this.#publications.size >= this.#maxPaths) throw new PathRefusedError(`more than ${this.#maxPaths} paths`);
    const publication = new Publication(this, path, source);
    this.#publications.set(path, publication);
    return publication;
  }

  announce(stream: Stream): void {
    const waiters = this.#waiters.get(stream.path);
    this.#waiters.delete(stream.path);
    for (const waiter of waiters ?? []) {
      clearTimeout(waiter.timer);
      waiter.onStream(stream);
    }
  }

  release(publication: Publication): boolean {
    if (this.#publications.get(publication.path) !== publication) return false;
    return this.#publications.delete(publication.path);
  }

  /**
   * Calls `onStream` as soon as the path has a stream (at once when it has one now), or `onTimeout` after `withinMs`. Both are
   * called synchronously with the event, so that a reader subscribes before the publisher's first frame goes out. Returns the undo.
   */
  waitForStream(
    path: string,
    withinMs: number,
    callbacks: { onStream(stream: Stream): void; onTimeout(): void },
  ): () => void {
    const stream = this.#publications.get(path)?.stream;
    if (stream !== undefined) {
      callbacks.onStream(stream);
      return () => {};
    }
    const waiters = this.#waiters.get(path) ?? new Set<Waiter>();
    const forget = () => {
      clearTimeout(waiter.timer);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(path) === waiters) this.#waiters.delete(path);
    };
    const timer = setTimeout(() => {
      forget();
      callbacks.onTimeout();
    }, withinMs);
    const waiter: Waiter = { ...callbacks, timer };
    waiters.add(waiter);
    this.#waiters.set(path, waiters);
    return forget;
  }
}
