import { describe, expect, it } from 'vitest';
import { distilReason } from './reason.ts';

describe('distilReason', () => {
  it.each([
    [
      [
        '[tcp @ 0x55befba2b480] Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused',
        'rtsp://127.0.0.1:1/x: Connection refused',
      ],
      'rtsp://127.0.0.1:1/x: Connection refused',
    ],
    [
      [
        'av_interleaved_write_frame(): Broken pipe',
        '    Last message repeated 2 times',
        'Error writing trailer of rtmp://h/x: Broken pipe',
        'Error closing file rtmp://h/x: Broken pipe',
        'Conversion failed!',
      ],
      'Error writing trailer of rtmp://h/x: Broken pipe',
    ],
    [
      ['[rtsp @ 0x1] method DESCRIBE failed: 404 Not Found', '[h264 @ 0x2] some notice'],
      'method DESCRIBE failed: 404 Not Found',
    ],
    [['only chatter', ''], 'only chatter'],
  ])('picks the line that tells why', (tail, reason) => {
    expect(distilReason(tail)).toBe(reason);
  });

  it('has nothing to say of an empty log, and keeps to one line of bearable length', () => {
    expect(distilReason([])).toBeUndefined();
    expect(distilReason([`error ${'x'.repeat(1_000)}`])).toHaveLength(300);
  });
});
