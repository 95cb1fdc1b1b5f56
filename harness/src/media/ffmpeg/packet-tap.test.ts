import { expect, it } from 'vitest';
import { readTap, type TappedPacket } from './packet-tap.ts';

const HEADER = [
  '#software: Lavf59.27.100',
  '#tb 0: 1/90000',
  '#media_type 0: video',
  '#tb 1: 1/48000',
  '#media_type 1: audio',
  '',
].join('\n');

it('gives each packet as its line is complete, in milliseconds of its own stream', () => {
  const seen: TappedPacket[] = [];
  const push = readTap((packet) => seen.push(packet));
  push(Buffer.from(`${HEADER}0,  0,  3000,  3000, 16446, 0x62846629\n1, -1024, -1024, 1024,  28`));
  expect(seen).toHaveLength(1);
  push(Buffer.from('8, 0xf618890d, F=0x4, S=1, 10\n'));
  expect(seen).toEqual([
    { kind: 'video', ptsMs: 3_000 / 90, durationMs: 3_000 / 90, sizeBytes: 16_446, sum: '0x62846629', isKey: true },
    { kind: 'audio', ptsMs: -1_024 / 48, durationMs: 1_024 / 48, sizeBytes: 288, sum: '0xf618890d', isKey: false },
  ]);
});

it('passes over lines that are no packet', () => {
  const seen: TappedPacket[] = [];
  readTap((packet) => seen.push(packet))(Buffer.from(`${HEADER}garbage\n7, 0, 0, 0, 1, 0x0\n0, 0, NOPTS, 0, 1, 0x0\n`));
  expect(seen).toEqual([]);
});
