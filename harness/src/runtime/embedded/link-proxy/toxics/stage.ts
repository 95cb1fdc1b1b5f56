// The contract of a toxic at work in one direction of one connection: bytes come in, and go on later, slower, or never.

export interface Chunk {
  data: Buffer;
  /** When it was received, or when the toxic before this one let it go; ms of `performance.now()`. */
  atMs: number;
}

/** How a direction ends: by its FIN (the other may go on), by closing the whole connection, or by a reset of it. */
export type Ending = 'fin' | 'close' | 'reset';

/** Where bytes go: the next toxic, or the socket. */
export interface Output {
  write(chunk: Chunk): void;
  /** Nothing is written after. */
  end(how: Ending): void;
}

/** What a toxic can do besides passing on. */
export interface Surroundings {
  next(): Output;
  /** These bytes will never go on. */
  drop(bytes: number): void;
  /** Ends the whole connection, both directions, at once. */
  closeConnection(how: 'close' | 'reset'): void;
}

export interface Stage extends Output {
  /** Its attributes were changed: what it waits for may be another now. */
  changed?(): void;
  /** The toxic was taken away: what is held goes on now. */
  release(): void;
  /** The connection is gone: timers end. */
  destroy(): void;
}

/** Numbers by name, as the API takes them: `{ latency: 200, jitter: 50 }`. */
export type Attributes = Readonly<Record<string, number>>;

export interface ToxicType {
  /** Every attribute with its default. */
  defaults: Attributes;
  /** Bytes that one direction of a connection may hold while this toxic is on it. Default: what plain forwarding holds. */
  holdsBytes?: number;
  /** Reads `attributes()` anew each time it needs one: they may be changed while it runs. */
  open(attributes: () => Attributes, around: Surroundings): Stage;
}
