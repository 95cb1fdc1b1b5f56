// One direction of one connection: bytes from a socket, through the toxics of that direction, to another socket. What is held on the
// way is bounded: a full flow stops reading, so that the sender feels it as it would feel a slow receiver.

import type { Socket } from 'node:net';
import type { Toxic } from './toxic.ts';
import type { Chunk, Ending, Output, Stage } from './toxics/stage.ts';

/** Sums over all connections of a proxy in one direction; they only rise. */
export interface FlowCounters {
  receivedBytes: number;
  sentBytes: number;
}

export interface FlowOptions {
  source: Socket;
  destination: Socket;
  toxics: readonly Toxic[];
  counters: FlowCounters;
  closeConnection(how: 'close' | 'reset'): void;
}

/** Plain forwarding holds no more than this. */
const PLAIN_BYTES = 256 * 1024;
/** When all flows of the process hold more than this, none may hold more than plain forwarding does. */
const PROCESS_BYTES = 256 * 1024 * 1024;

let heldByProcess = 0;

export class Flow {
  #options: FlowOptions;
  #stages: { toxic: Toxic; stage: Stage }[] = [];
  #held = 0;
  #inputEnded = false;
  #ended = false;
  #sink: Output = { write: (chunk) => this.#send(chunk), end: (how) => this.#end(how) };

  constructor(options: FlowOptions) {
    this.#options = options;
    const { source, toxics } = options;
    for (const toxic of toxics) this.add(toxic);
    source.on('data', (data: Buffer) => this.#receive(data));
    source.on('end', () => this.#endInput('fin'));
    source.on('error', () => this.#endInput('reset'));
    source.on('close', () => this.#endInput('reset'));
  }

  /** At the end of the chain, as Toxiproxy does. Whether it works on this connection is decided here, by its toxicity. */
  add(toxic: Toxic): void {
    if (Math.random() >= toxic.toxicity) return;
    const entry: { toxic: Toxic; stage: Stage } = {
      toxic,
      stage: toxic.type.open(() => toxic.attributes, {
        next: () => this.#stages[this.#stages.indexOf(entry) + 1]?.stage ?? this.#sink,
        drop: (bytes) => this.#letGo(bytes),
        closeConnection: (how) => this.#options.closeConnection(how),
      }),
    };
    this.#stages.push(entry);
    this.#adjust();
  }

  remove(toxic: Toxic): void {
    const entry = this.#stages.find((one) => one.toxic === toxic);
    if (!entry) return;
    // Released while still in its place: what it held goes to the one behind it.
    entry.stage.release();
    entry.stage.destroy();
    this.#stages.splice(this.#stages.indexOf(entry), 1);
    this.#adjust();
  }

  /** New attributes or toxicity: decided anew for this connection. */
  update(toxic: Toxic): void {
    const on = this.#stages.find((one) => one.toxic === toxic);
    if (!on) this.add(toxic);
    else if (Math.random() >= toxic.toxicity) this.remove(toxic);
    else on.stage.changed?.();
  }

  /** The connection is gone. */
  destroy(): void {
    for (const { stage } of this.#stages) stage.destroy();
    heldByProcess -= this.#held;
    this.#held = 0;
    this.#ended = true;
  }

  #receive(data: Buffer): void {
    const { counters, source } = this.#options;
    counters.receivedBytes += data.length;
    this.#held += data.length;
    heldByProcess += data.length;
    (this.#stages[0]?.stage ?? this.#sink).write({ data, atMs: performance.now() });
    if (this.#held >= this.#limit()) source.pause();
  }

  #endInput(how: Ending): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    (this.#stages[0]?.stage ?? this.#sink).end(how);
  }

  #send({ data }: Chunk): void {
    const { destination, counters } = this.#options;
    if (this.#ended || !destination.writable) {
      this.#letGo(data.length);
      return;
    }
    destination.write(data, (error) => {
      if (!error) counters.sentBytes += data.length;
      this.#letGo(data.length);
    });
  }

  #end(how: Ending): void {
    const { destination, closeConnection } = this.#options;
    if (this.#ended) return;
    this.#ended = true;
    if (how === 'reset') closeConnection('reset');
    else if (how === 'close') destination.end(() => closeConnection('close'));
    else destination.end();
  }

  #letGo(bytes: number): void {
    if (this.#held === 0) return; // destroyed before the socket had called back
    this.#held -= bytes;
    heldByProcess -= bytes;
    this.#adjust();
  }

  #adjust(): void {
    const { source } = this.#options;
    if (source.isPaused() && this.#held < this.#limit() / 2) source.resume();
  }

  #limit(): number {
    if (heldByProcess > PROCESS_BYTES) return PLAIN_BYTES;
    const wanted = this.#stages.flatMap(({ toxic }) => toxic.type.holdsBytes ?? []);
    return wanted.length === 0 ? PLAIN_BYTES : Math.max(...wanted);
  }
}
