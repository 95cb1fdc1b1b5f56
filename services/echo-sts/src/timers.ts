// Timers that belong to something with a lifetime: all of them end with it.

export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  /** Runs `task` once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      task();
    }, delayMs);
    this.#running.add(timer);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
