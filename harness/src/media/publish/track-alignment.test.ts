import { describe, expect, it } from 'vitest';
import type { RtspPart } from './rtsp-parts.ts';
import { TrackAlignment } from './track-alignment.ts';

const AAC = [
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 MPEG4-GENERIC/48000/1',
];
const PICTURE = frame(96);
const SOUND = frame(97);
const REPORT = frame(undefined);
const HOLD_MS = 1_024 / 48;

describe('TrackAlignment', () => {
  it('holds the picture for as long as FFmpeg kept the sound', () => {
    const alignment = announced(AAC);
    expect(alignment.dueMs(PICTURE, 100)).toBe(100 + HOLD_MS);
    expect(alignment.dueMs(SOUND, 101)).toBe(101 + HOLD_MS);
    expect(alignment.dueMs(PICTURE, 140)).toBe(140 + HOLD_MS);
    expect(alignment.dueMs(SOUND, 150)).toBe(150);
  });

  it('lets no sound overtake the first, which leaves with the first picture', () => {
    const alignment = announced(AAC);
    alignment.dueMs(PICTURE, 100);
    expect([100, 100, 110, 130].map((nowMs) => alignment.dueMs(SOUND, nowMs))).toEqual([
      ...Array(3).fill(100 + HOLD_MS),
      130,
    ]);
  });

  it('holds longer where a frame lasts longer', () => {
    const alignment = announced(AAC.map((line) => line.replace('48000', '16000')));
    expect(alignment.dueMs(PICTURE, 100)).toBe(164);
  });

  it('sends a request, such as the last, after all that came before it', () => {
    const alignment = announced(AAC);
    alignment.dueMs(PICTURE, 100);
    expect(alignment.dueMs(request('TEARDOWN rtsp://a RTSP/1.0'), 101)).toBe(100 + HOLD_MS);
  });

  it('does not hold reports', () => {
    expect(announced(AAC).dueMs(REPORT, 100)).toBe(100);
  });

  it.each([
    ['Opus', [...AAC.slice(0, 3), 'a=rtpmap:97 opus/48000/2']],
    ['LATM, which FFmpeg sends at once', [...AAC.slice(0, 3), 'a=rtpmap:97 MP4A-LATM/48000/1']],
    ['no sound', AAC.slice(0, 2)],
    ['no picture', AAC.slice(2)],
  ])('holds nothing beside %s', (_, lines) => {
    const alignment = announced(lines);
    expect([PICTURE, SOUND].map((part) => alignment.dueMs(part, 100))).toEqual([100, 100]);
  });
});

function announced(lines: readonly string[]): TrackAlignment {
  const alignment = new TrackAlignment();
  alignment.dueMs(request(`ANNOUNCE rtsp://a RTSP/1.0\r\n\r\n${lines.join('\r\n')}\r\n`), 0);
  return alignment;
}

function request(text: string): RtspPart {
  return { kind: 'request', bytes: Buffer.from(text), text };
}

function frame(payloadType: number | undefined): RtspPart {
  return { kind: 'frame', bytes: Buffer.alloc(8), payloadType };
}
