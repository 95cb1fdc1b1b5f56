import { describe, expect, it } from 'vitest';
import { rtspParts } from './rtsp-parts.ts';

const OPTIONS = 'OPTIONS rtsp://127.0.0.1/a RTSP/1.0\r\nCSeq: 1\r\n\r\n';
const ANNOUNCE = 'ANNOUNCE rtsp://127.0.0.1/a RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n';
const RTP = frame(0, [0x80, 0xe0, 1, 2, 3]);
const SENDER_REPORT = frame(1, [0x80, 200, 0, 6]);

describe('rtspParts', () => {
  it('cuts requests, with their bodies, and frames', () => {
    const parts = rtspParts()(
      Buffer.concat([Buffer.from(OPTIONS + ANNOUNCE), RTP, SENDER_REPORT, Buffer.from(OPTIONS)]),
    );
    expect(parts).toEqual([
      { kind: 'request', bytes: Buffer.from(OPTIONS), text: OPTIONS },
      { kind: 'request', bytes: Buffer.from(ANNOUNCE), text: ANNOUNCE },
      { kind: 'frame', bytes: RTP, packet: RTP.subarray(4) },
      { kind: 'frame', bytes: SENDER_REPORT, packet: SENDER_REPORT.subarray(4) },
      { kind: 'request', bytes: Buffer.from(OPTIONS), text: OPTIONS },
    ]);
  });

  it('does not mind where the chunks end', () => {
    const all = Buffer.concat([Buffer.from(ANNOUNCE), RTP, RTP, Buffer.from(OPTIONS)]);
    const read = rtspParts();
    const parts = Array.from(all, (_, at) => read(all.subarray(at, at + 1))).flat();
    expect(parts).toEqual(rtspParts()(all));
  });

  it.each([
    ['headers that never end', 'x'.repeat(65_537)],
    ['a body of a megabyte', 'ANNOUNCE a RTSP/1.0\r\nContent-Length: 1000000\r\n\r\n'],
  ])('takes no %s', (_, text) => {
    expect(() => rtspParts()(Buffer.from(text))).toThrow('more than 65536 bytes');
  });
});

function frame(channel: number, payload: number[]): Buffer {
  return Buffer.from([0x24, channel, 0, payload.length, ...payload]);
}
