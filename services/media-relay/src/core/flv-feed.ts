// The FLV form of a stream (what RTMP carries): its configuration messages, and its messages since the last keyframe.

import { type FlvMessage, flvRole } from '../codec/flv.ts';
import { GopFeed } from './gop-feed.ts';

type ConfigRole = 'metadata' | 'video-config' | 'audio-config';

export interface FlvFeedOptions {
  hasVideo: boolean;
  cacheBytes: number;
  onOverflow?: () => void;
}

/** Audio messages kept for a reader that joins a stream without video. */
const AUDIO_ONLY_MESSAGES = 50;

export class FlvFeed {
  readonly #feed: GopFeed<FlvMessage>;
  readonly #hasVideo: boolean;
  #config = new Map<ConfigRole, FlvMessage>();
  /** The configuration in force where the cached messages start; empty while they still reach back to the stream's own start. */
  #configAtStart = new Map<ConfigRole, FlvMessage>();

  constructor(options: FlvFeedOptions) {
    this.#hasVideo = options.hasVideo;
    this.#feed = new GopFeed({
      cacheBytes: options.cacheBytes,
      ...(options.onOverflow ? { onOverflow: options.onOverflow } : {}),
    });
  }

  push(message: FlvMessage): void {
    const role = flvRole(message);
    if (role === 'metadata' || role === 'video-config' || role === 'audio-config') {
      this.#config.set(role, message);
    } else if (role === 'keyframe') {
      this.#feed.startAt(this.#feed.next);
      this.#configAtStart = new Map(this.#config);
    } else if (!this.#hasVideo) {
      const before = this.#feed.next;
      this.#feed.keepLast(AUDIO_ONLY_MESSAGES);
      if (before > AUDIO_ONLY_MESSAGES) this.#configAtStart = new Map(this.#config);
    }
    this.#feed.push(message);
  }

  /** Messages from the last keyframe on, as far as they are kept. */
  sinceKeyframe(): readonly FlvMessage[] {
    return this.#feed.cached;
  }

  /** Configuration first (at timestamp 0, as in a file), then everything since the last keyframe, then each message as it comes. */
  subscribe(listener: (message: FlvMessage) => void): () => void {
    for (const role of ['metadata', 'video-config', 'audio-config'] as const) {
      const message = this.#configAtStart.get(role);
      if (message !== undefined) listener({ ...message, timestampMs: 0 });
    }
    return this.#feed.subscribe(listener);
  }
}
