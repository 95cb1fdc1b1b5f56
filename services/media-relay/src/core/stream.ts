// One publication of a path, from the moment its tracks are known until the publisher leaves, in the forms that readers want.

import type { FlvFeed } from './flv-feed.ts';
import type { RtpFeed } from './rtp-feed.ts';

/** Names as MediaMTX's control API has them. */
export type PeerType = 'rtspSession' | 'rtmpConn';

export interface Peer {
  readonly type: PeerType;
  readonly id: string;
}

export interface StreamReader extends Peer {
  /** False while it has only asked for the description. */
  readonly reading: boolean;
  /** Everything was handed over: flush it and end. */
  onStreamEnd(): void;
}

export interface StreamParts {
  path: string;
  source: Peer;
  /** Codec names of all tracks, as MediaMTX's API shows them. */
  tracks: readonly string[];
  rtp: RtpFeed | undefined;
  flv: FlvFeed | undefined;
}

export class Stream {
  readonly path: string;
  readonly source: Peer;
  readonly tracks: readonly string[];
  readonly rtp: RtpFeed | undefined;
  readonly flv: FlvFeed | undefined;
  readonly readyAt = new Date();
  readonly readers = new Set<StreamReader>();
  bytesSent = 0;
  #ended = false;

  constructor(parts: StreamParts) {
    this.path = parts.path;
    this.source = parts.source;
    this.tracks = parts.tracks;
    this.rtp = parts.rtp;
    this.flv = parts.flv;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of [...this.readers]) reader.onStreamEnd();
    this.readers.clear();
  }
}
