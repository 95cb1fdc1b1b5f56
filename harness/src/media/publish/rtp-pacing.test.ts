import { describe, expect, it } from 'vitest';
import { RtpPacing } from './rtp-pacing.ts';
import type { RtspPart } from './rtsp-parts.ts';

const LEAD_MS = 40 + 1_024 / 48;
const PICTURE = { type: 96, source: 1, clockRate: 90_000 };
const SOUND = { type: 97, source: 2, clockRate: 48_000 };
type Source = typeof PICTURE;

describe('RtpPacing', () => {
  it('sends each packet when its timestamp says, however early it comes', () => {
    const pacing = announced();
    expect(pacing.dueMs(rtp(PICTURE, 0), 1_000)).toBeCloseTo(1_000 + LEAD_MS);
    for (const ptsMs of [40, 80, 120]) {
      expect(pacing.dueMs(rtp(PICTURE, ptsMs), 1_001)).toBeCloseTo(1_000 + LEAD_MS + ptsMs);
    }
  });

  it('sends sound and picture of a moment together, by their sender reports', () => {
    const pacing = announced();
    pacing.dueMs(rtp(PICTURE, 0), 1_000);
    expect(pacing.dueMs(rtp(SOUND, 0), 1_021)).toBeCloseTo(1_000 + LEAD_MS);
    expect(pacing.dueMs(rtp(PICTURE, 200), 1_200)).toBeCloseTo(1_200 + LEAD_MS);
    expect(pacing.dueMs(rtp(SOUND, 200), 1_221)).toBeCloseTo(1_200 + LEAD_MS);
  });

  it('waits longer for sound whose frames are longer', () => {
    const pacing = announced(1_000, ANNOUNCE.replace('GENERIC/48000', 'GENERIC/8000'));
    expect(pacing.dueMs(rtp(PICTURE, 0), 1_000)).toBeCloseTo(1_000 + 40 + 128);
  });

  it('sends what comes too late at once, and keeps to the times after that', () => {
    const pacing = announced();
    pacing.dueMs(rtp(PICTURE, 0), 1_000);
    expect(pacing.dueMs(rtp(PICTURE, 40), 2_000)).toBe(2_000);
    expect(pacing.dueMs(rtp(PICTURE, 1_000), 2_001)).toBeCloseTo(2_000 + LEAD_MS);
  });

  it('keeps the packets of a track in order', () => {
    const pacing = announced();
    pacing.dueMs(rtp(PICTURE, 0), 1_000);
    const due = pacing.dueMs(rtp(PICTURE, 120), 1_001);
    expect(pacing.dueMs(rtp(PICTURE, 40), 1_002)).toBe(due);
  });

  it('goes on where timestamps begin again at 2³²', () => {
    const pacing = announced(2 ** 32 - 90 * 50);
    pacing.dueMs(rtp(PICTURE, 0, 2 ** 32 - 90 * 50), 1_000);
    for (const ptsMs of [40, 80, 90_000_000]) {
      expect(pacing.dueMs(rtp(PICTURE, ptsMs, 2 ** 32 - 90 * 50), 1_000 + ptsMs)).toBeCloseTo(
        1_000 + LEAD_MS + ptsMs,
        0,
      );
      // Days in steps of hours, as half of what fits is the most that can be told.
      if (ptsMs === 80)
        for (let h = 1; h < 25; h += 1)
          pacing.dueMs(rtp(PICTURE, h * 3_600_000, 2 ** 32 - 90 * 50), 1_000 + h * 3_600_000);
    }
  });

  it('holds nothing for longer than ten seconds', () => {
    const pacing = announced();
    pacing.dueMs(rtp(PICTURE, 0), 1_000);
    expect(pacing.dueMs(rtp(PICTURE, 3_600_000), 1_001)).toBe(11_001);
  });

  it('sends a request, such as the last, when readers have had time for all that came before it', () => {
    const pacing = announced();
    const due = pacing.dueMs(rtp(PICTURE, 0), 1_000);
    expect(pacing.dueMs(request('TEARDOWN rtsp://a RTSP/1.0'), 1_001)).toBe(due + 100);
  });

  it('does not hold reports, nor a track that has sent none', () => {
    const pacing = new RtpPacing();
    pacing.dueMs(request(ANNOUNCE), 0);
    expect(pacing.dueMs(report(PICTURE, 0), 1_000)).toBe(1_000);
    expect(pacing.dueMs(rtp(SOUND, 0), 1_000)).toBe(1_000);
  });

  it('knows the clocks of payload types that need no rtpmap', () => {
    const pacing = announced(1_000, ANNOUNCE.replace('AVP 97', 'AVP 8').replace(/a=rtpmap:97.*\r\n/, ''));
    pacing.dueMs(rtp(PICTURE, 0), 1_000);
    expect(pacing.dueMs(rtp({ type: 8, source: 2, clockRate: 8_000 }, 80), 1_001)).toBeCloseTo(1_080 + 40);
  });

  it('paces no track where it does not know the clock of one', () => {
    const pacing = announced(1_000, ANNOUNCE.replace(/a=rtpmap:97.*\r\n/, ''));
    expect([rtp(PICTURE, 0), rtp(SOUND, 0)].map((part) => pacing.dueMs(part, 1_000))).toEqual([1_000, 1_000]);
  });

  it.each([
    ['an empty frame', Buffer.alloc(0)],
    ['a report that is cut off', Buffer.from([0x80, 200, 0, 6, 0, 0, 0, 9, 0, 0, 0, 0])],
  ])('does not mind %s', (_, packet) => {
    expect(announced().dueMs(frame(packet), 1_000)).toBe(1_000);
  });
});

const ANNOUNCE = `ANNOUNCE rtsp://a RTSP/1.0\r\n\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\n`;

function announced(pictureBase = 1_000, announce = ANNOUNCE): RtpPacing {
  const pacing = new RtpPacing();
  pacing.dueMs(request(announce), 0);
  pacing.dueMs(report(PICTURE, pictureBase), 0);
  pacing.dueMs(report(SOUND, 77_000), 0);
  return pacing;
}

function request(text: string): RtspPart {
  return { kind: 'request', bytes: Buffer.from(text), text };
}

function frame(packet: Buffer): RtspPart {
  return { kind: 'frame', bytes: packet, packet };
}

/** Of the instant at which all begins. */
function report({ source }: Source, base: number): RtspPart {
  const packet = Buffer.alloc(28);
  packet.set([0x80, 200, 0, 6]);
  packet.writeUInt32BE(source, 4);
  packet.writeUInt32BE(3_990_000_000, 8);
  packet.writeUInt32BE(2 ** 31, 12);
  packet.writeUInt32BE(base, 16);
  return frame(packet);
}

function rtp({ type, source, clockRate }: Source, ptsMs: number, base = source === 1 ? 1_000 : 77_000): RtspPart {
  const packet = Buffer.alloc(16);
  packet.set([0x80, 0x80 | type]);
  packet.writeUInt32BE((base + Math.round((ptsMs * clockRate) / 1_000)) % 2 ** 32, 4);
  packet.writeUInt32BE(source, 8);
  return frame(packet);
}
