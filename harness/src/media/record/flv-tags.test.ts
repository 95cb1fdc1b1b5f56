import { describe, expect, it } from 'vitest';
import { type FlvTag, FlvTagSplitter } from './flv-tags.ts';

const HEADER = Buffer.from('464c5601050000000900000000', 'hex');

function tag(type: number, dtsMs: number, ...data: number[]): Buffer {
  const bytes = Buffer.alloc(11 + data.length + 4);
  bytes[0] = type;
  bytes.writeUIntBE(data.length, 1, 3);
  bytes.writeUIntBE(dtsMs & 0xffffff, 4, 3);
  bytes[7] = dtsMs >>> 24;
  bytes.set(data, 11);
  bytes.writeUInt32BE(11 + data.length, 11 + data.length);
  return bytes;
}

const stream = Buffer.concat([
  HEADER,
  tag(18, 0, 2, 0, 0),
  tag(9, 0, 0x17, 0, 0, 0, 0),
  tag(8, 0, 0xaf, 0, 0x11),
  tag(9, 33, 0x17, 1, 0, 0, 0, 9),
  tag(8, 40, 0xaf, 1, 7),
  tag(9, 20, 0x27, 1, 0, 0, 0, 9),
  tag(9, 0x1234567, 0x90, 0, 0, 0, 0),
  tag(9, 0x1234567, 0x91, 0, 0, 0, 0),
]);

function split(chunks: Iterable<Buffer>): { tags: FlvTag[]; bytes: Buffer } {
  const tags: FlvTag[] = [];
  const splitter = new FlvTagSplitter((each) => tags.push(each));
  return { bytes: Buffer.concat([...chunks].map((chunk) => splitter.push(chunk))), tags };
}

describe('FlvTagSplitter', () => {
  it('tells pictures and sound from configuration, and leaves times as they came', () => {
    expect(split([stream]).tags.map(({ kind, isConfig, dtsMs }) => [kind, isConfig, dtsMs])).toEqual([
      ['script', false, 0],
      ['video', true, 0],
      ['audio', true, 0],
      ['video', false, 33],
      ['audio', false, 40],
      ['video', false, 20], // going back: recorded as it is
      ['video', true, 0x1234567],
      ['video', false, 0x1234567],
    ]);
  });

  it('gives the same bytes and tags however they are cut', () => {
    const whole = split([stream]);
    expect(whole.bytes).toEqual(stream);
    for (const size of [1, 2, 7, 13, 40]) {
      const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
        stream.subarray(index * size, (index + 1) * size),
      );
      expect(split(pieces)).toEqual(whole);
    }
  });

  it('holds back a tag that is not whole', () => {
    const { bytes, tags } = split([stream.subarray(0, -1)]);
    expect(tags).toHaveLength(7);
    expect(bytes).toHaveLength(stream.length - 20);
  });

  it('refuses what is no FLV', () => {
    expect(() => split([Buffer.alloc(64, 1)])).toThrow('not an FLV stream');
  });
});
