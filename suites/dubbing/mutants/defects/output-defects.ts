// Defects of what is published: tags of the output that are late, lost, frozen or torn.

import type { FlvTag, OutputTap } from '../mutant.ts';
import { isFrame, isKeyframe, isVideo } from '../wrappers/flv-tags.ts';

const isSoundFrame = (tag: FlvTag): boolean => !isVideo(tag) && isFrame(tag);

/** The sound is `byMs` later than its picture, or earlier when negative. */
export function shiftSound(byMs: number): OutputTap {
  return (tag) => (isSoundFrame(tag) ? [{ ...tag, timestampMs: tag.timestampMs + byMs }] : [tag]);
}

/** Between two instants, each packet of sound takes the time of the one `packets` after it: timestamps stay as regular as they were. */
export function holdBackSound(packets: number, fromMs: number, untilMs: number): OutputTap {
  const held: Buffer[] = [];
  return (tag, sinceStartMs) => {
    if (!isSoundFrame(tag)) return [tag];
    if (sinceStartMs < fromMs || sinceStartMs >= untilMs) return [tag];
    held.push(tag.data);
    const data = held.length > packets ? held.shift() : held[0];
    return [{ ...tag, data: data ?? tag.data }];
  };
}

/** The clock of the sound runs slow by parts per million. */
export function driftSound(ppm: number): OutputTap {
  return (tag, sinceStartMs) => {
    if (!isSoundFrame(tag)) return [tag];
    return [{ ...tag, timestampMs: tag.timestampMs + Math.round((sinceStartMs * ppm) / 1e6) }];
  };
}

/** From the first keyframe after `fromMs` to the first after `forMs` more, one picture is sent again and again. */
export function freezePicture(fromMs: number, forMs: number): OutputTap {
  let frozen: Buffer | undefined;
  return (tag, sinceStartMs) => {
    if (!isVideo(tag) || !isFrame(tag)) return [tag];
    if (isKeyframe(tag)) {
      if (!frozen && sinceStartMs >= fromMs && sinceStartMs < fromMs + forMs) frozen = tag.data;
      else if (sinceStartMs >= fromMs + forMs) frozen = undefined;
    }
    return frozen ? [{ ...tag, data: frozen }] : [tag];
  };
}

/** What is between two instants is not sent: whole groups of pictures, so that what follows can be decoded. */
export function dropPictures(fromMs: number, untilMs: number): OutputTap {
  let dropping = false;
  return (tag, sinceStartMs) => {
    if (!isVideo(tag) || !isFrame(tag)) return [tag];
    if (isKeyframe(tag)) dropping = sinceStartMs >= fromMs && sinceStartMs < untilMs;
    return dropping ? [] : [tag];
  };
}

export function dropSound(fromMs: number, untilMs: number): OutputTap {
  return (tag, sinceStartMs) => (isSoundFrame(tag) && sinceStartMs >= fromMs && sinceStartMs < untilMs ? [] : [tag]);
}

/** Neither picture nor sound before `ms`. */
export function startLate(ms: number): OutputTap {
  let open = false;
  return (tag, sinceStartMs) => {
    open ||= isKeyframe(tag) && sinceStartMs >= ms;
    return open || !isFrame(tag) ? [tag] : [];
  };
}

/** Neither picture nor sound after `ms`. */
export function endEarly(ms: number): OutputTap {
  return (tag, sinceStartMs) => (sinceStartMs < ms ? [tag] : []);
}

/** From an instant on, picture and sound together are later by `byMs`. */
export function jump(atMs: number, byMs: number): OutputTap {
  return (tag, sinceStartMs) => (sinceStartMs < atMs ? [tag] : [{ ...tag, timestampMs: tag.timestampMs + byMs }]);
}

/** Two stretches of sound of the same length change places: the sound of one part is heard with the picture of the next. */
export function swapSound(atMs: number, lengthMs: number): OutputTap {
  const first: FlvTag[] = [];
  const times: number[] = [];
  return (tag, sinceStartMs) => {
    if (!isSoundFrame(tag) || sinceStartMs < atMs) return [tag];
    if (sinceStartMs < atMs + lengthMs) {
      first.push(tag);
      times.push(tag.timestampMs);
      return [];
    }
    if (times.length === 0) return [tag];
    if (first.length > 0 && times.length < 2 * first.length) {
      times.push(tag.timestampMs);
      const now = times.length - first.length - 1;
      const out = { ...tag, timestampMs: times[now] ?? tag.timestampMs };
      if (times.length < 2 * first.length) return [out];
      const later = times.slice(first.length);
      return [out, ...first.splice(0).map((held, i) => ({ ...held, timestampMs: later[i] ?? held.timestampMs }))];
    }
    return [tag];
  };
}

/** Who joins late must see some of them. */
const OLD_PICTURES_MS = 2_000;

/** Each stream but the first begins with the last groups of pictures of the one before, two seconds of them and as many more as make whole groups. */
export function oldPicturesFirst(): () => OutputTap {
  let old: FlvTag[] = [];
  return () => {
    const first = old;
    const kept: FlvTag[] = [];
    let shown = 0;
    let isOver = first.length === 0;
    return (tag) => {
      if (!isVideo(tag) || !isFrame(tag)) return [tag];
      if (isKeyframe(tag)) {
        const enough = kept.findLastIndex(
          (each) => isKeyframe(each) && tag.timestampMs - each.timestampMs >= OLD_PICTURES_MS,
        );
        kept.splice(0, Math.max(0, enough));
        isOver ||= shown >= first.length;
      }
      old = kept; // only now: a stream that is refused shows nothing, and the next one follows the one before it
      kept.push(tag);
      const data = isOver ? undefined : first[shown]?.data;
      shown += 1;
      return [data ? { ...tag, data } : tag];
    };
  };
}
