// When each packet of a publisher goes out, so that picture and sound of the same moment go out together.
//
// FFmpeg's RTP packetizer keeps an AAC frame until the next one comes (rtpenc_aac.c: "must be sent" is asked before the new frame
// is put in), so sound leaves one frame, 21.3 ms at 48 kHz, later than the picture of its moment. The timestamps are right, and
// whoever goes by the sender reports hears nothing of it. But servers that tell a track's time by when its packets come (MediaMTX
// does unless told otherwise) hand it on with all sound that much late. So the picture is held for as long.

import type { RtspPart } from './rtsp-parts.ts';

/** Samples in a frame of AAC-LC (ISO/IEC 14496-3, 4.5.1.1). */
const AAC_FRAME_SAMPLES = 1_024;

interface Tracks {
  picture: number;
  sound: number;
  holdMs: number;
}

export class TrackAlignment {
  #tracks: Tracks | undefined;
  #firstSoundDueMs: number | undefined;
  #latestDueMs = 0;

  /** When this part is due, on the clock of `nowMs`. Picture and sound each stay in order, and a request comes after all before it. */
  dueMs(part: RtspPart, nowMs: number): number {
    const dueMs = this.#due(part, nowMs);
    this.#latestDueMs = Math.max(this.#latestDueMs, dueMs);
    return dueMs;
  }

  #due(part: RtspPart, nowMs: number): number {
    if (part.kind === 'request') {
      if (/^ANNOUNCE /.test(part.text)) this.#tracks = tracksOf(part.text);
      return Math.max(nowMs, this.#latestDueMs);
    }
    if (!this.#tracks || part.payloadType === undefined) return nowMs;
    const { picture, sound, holdMs } = this.#tracks;
    if (part.payloadType === picture) return nowMs + holdMs;
    if (part.payloadType !== sound) return nowMs;
    // The first sound is held like the first picture: some servers go by when the first packet of each came, and those left together.
    this.#firstSoundDueMs ??= nowMs + holdMs;
    return Math.max(nowMs, this.#firstSoundDueMs);
  }
}

/** Of a session description (RFC 8866) with a picture and MPEG-4 sound in access units (RFC 3640); undefined for any other. */
function tracksOf(announce: string): Tracks | undefined {
  const picture = /^m=video \d+ RTP\/AVP (\d+)/m.exec(announce)?.[1];
  const sound = /^m=audio \d+ RTP\/AVP (\d+)/m.exec(announce)?.[1];
  const rate = new RegExp(`^a=rtpmap:${sound} mpeg4-generic/(\\d+)`, 'im').exec(announce)?.[1];
  if (picture === undefined || sound === undefined || rate === undefined) return undefined;
  return { picture: Number(picture), sound: Number(sound), holdMs: (AAC_FRAME_SAMPLES * 1_000) / Number(rate) };
}
