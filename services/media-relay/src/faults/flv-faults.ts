// Faults on the messages of an RTMP publisher.

import { FLV_AUDIO, FLV_VIDEO, type FlvMessage, flvRole, parseAvcVideo } from '../codec/flv.ts';
import type { FlvFeed } from '../core/flv-feed.ts';
import { FaultLine, type Freezer, newestBefore } from './fault-line.ts';
import type { ActiveFaults } from './media-fault.ts';

export function createFlvFaults(
  faults: ActiveFaults,
  feed: FlvFeed,
  hooks: { emit(message: FlvMessage): void; guard(run: () => void): void },
): FaultLine<FlvMessage> {
  const move = (message: FlvMessage, shiftMs: number) =>
    hooks.emit(shiftMs === 0 ? message : { ...message, timestampMs: Math.max(0, message.timestampMs + shiftMs) });
  const drop = () => {}; // messages have no numbers that would show it
  return new FaultLine(
    faults,
    {
      kindOf: ({ type }) => (type === FLV_VIDEO ? 'video' : type === FLV_AUDIO ? 'audio' : 'other'),
      timeMs: ({ timestampMs }) => timestampMs,
      isMedia: isPictureOrSound,
      continuesFrame: () => false,
      emit: move,
      insert: move,
      remove: drop,
      lose: drop,
    },
    new FlvFreezer(feed),
    hooks.guard,
  );
}

/** Repeats the last keyframe at the time of every frame: a picture that needs no other, so that it decodes to itself each time. */
export class FlvFreezer implements Freezer<FlvMessage> {
  readonly #feed: FlvFeed;
  #still: FlvMessage | undefined;
  /** Configuration that came meanwhile: it belongs to pictures after the still one. */
  #config: FlvMessage | undefined;
  /** Presentation time of the newest picture before the still one, from when on repeating it does not go back in time. */
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(feed: FlvFeed) {
    this.#feed = feed;
  }

  get holds(): boolean {
    return this.#still !== undefined;
  }

  replace(message: FlvMessage, frozen: boolean, shiftMs: number): readonly FlvMessage[] {
    const role = flvRole(message);
    if (this.#still === undefined) {
      const cached = this.#feed.sinceKeyframe();
      this.#still = role === 'keyframe' ? message : cached.find((each) => flvRole(each) === 'keyframe');
      // Without a keyframe to stand still at (a GOP too large to keep), the next one is it.
      if (this.#still === undefined || this.#still === message) return [message];
      const pictures = cached.filter((each) => each.type === FLV_VIDEO && isPictureOrSound(each));
      this.#newestMs = newestBefore(
        message.timestampMs,
        pictures.map((each) => shownAtMs(each) - shiftMs),
      );
    }
    if (!frozen && role === 'keyframe') {
      const config = this.#config === undefined ? [] : [this.#config];
      this.#still = undefined;
      this.#config = undefined;
      this.#newestMs = Number.NEGATIVE_INFINITY;
      return [...config, message];
    }
    if (role === 'video-config') this.#config = message;
    if (!isPictureOrSound(message)) return [];
    const again = { ...this.#still, timestampMs: message.timestampMs };
    return shownAtMs(again) > this.#newestMs ? [again] : [];
  }
}

function isPictureOrSound(message: FlvMessage): boolean {
  const role = flvRole(message);
  return role === 'keyframe' || role === 'media';
}

function shownAtMs(message: FlvMessage): number {
  const video = parseAvcVideo(message.payload);
  return message.timestampMs + (video.kind === 'frame' ? video.compositionMs : 0);
}
