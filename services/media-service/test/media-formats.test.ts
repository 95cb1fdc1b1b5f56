import { describe, expect, it } from 'vitest';
import { encodeFlvTag, FLV_AUDIO, FLV_HEADER, FLV_VIDEO, FlvReader, type FlvTag, readVideoTag } from '../src/flv.ts';
import { LabelledPcm, type PcmFrame } from '../src/labelled-pcm.ts';
import { SyncProbe } from '../src/sync-probe.ts';

describe('FLV', () => {
  const tags: FlvTag[] = [
    { type: FLV_VIDEO, timestampMs: 0, data: Buffer.from([0x17, 0, 0, 0, 0, 1, 2, 3]) },
    { type: FLV_AUDIO, timestampMs: 16_777_300, data: Buffer.alloc(300, 7) },
    { type: FLV_VIDEO, timestampMs: -21, data: Buffer.alloc(0) },
    { type: FLV_VIDEO, timestampMs: 1_073_741_000, data: Buffer.alloc(70_000, 9) },
  ];
  const bytes = Buffer.concat([FLV_HEADER, ...tags.map(encodeFlvTag)]);

  it.each([1, 7, 4096, bytes.length])('reads back what it wrote, in chunks of %i bytes', (size) => {
    const reader = new FlvReader();
    const read: FlvTag[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
    expect(read).toEqual(tags);
  });

  it('reads the negative times that ffmpeg writes, which lack their highest bit', () => {
    const written = encodeFlvTag({ type: FLV_VIDEO, timestampMs: -9966, data: Buffer.alloc(1) });
    written[7] = (written[7] ?? 0) & 0x7f;
    expect(new FlvReader().push(Buffer.concat([FLV_HEADER, written]))[0]?.timestampMs).toBe(-9966);
  });

  it('refuses what is not FLV', () => {
    expect(() => new FlvReader().push(Buffer.from('RIFF, and then some more'))).toThrow('not an FLV stream');
  });

  it('tells configuration from frames, keyframes from others, and reads negative composition times', () => {
    const at = (bytesOf: number[]): FlvTag => ({ type: FLV_VIDEO, timestampMs: 100, data: Buffer.from(bytesOf) });
    expect(readVideoTag(at([0x17, 0, 0, 0, 0]))).toEqual({ keyframe: true, kind: 'config', ptsMs: 100 });
    expect(readVideoTag(at([0x27, 1, 0, 0, 67]))).toEqual({ keyframe: false, kind: 'frame', ptsMs: 167 });
    expect(readVideoTag(at([0x27, 1, 0xff, 0xff, 0xf6]))).toMatchObject({ ptsMs: 90 });
    expect(readVideoTag(at([0x17, 2, 0, 0, 0]))).toMatchObject({ kind: 'end' });
  });
});

describe('labelled PCM', () => {
  const header =
    '#software: Lavf59\n#tb 0: 1/48000\n#media_type 0: audio\n#codec_id 0: pcm_s16le\n#sample_rate 0: 48000\n#channel_layout_name 0: stereo\n';
  const labels = `${header}0,      -1008,      -1008,     1024,     4096, 0x79cdf316\n0,         16,         16,     1024,     4096, 0x6185c12b\n`;

  it('joins samples and labels whichever of them comes first, in pieces of any size', () => {
    const samples = Buffer.from(Uint8Array.from({ length: 8192 }, (_, index) => index & 0xff));
    for (const size of [1, 13, 9000]) {
      const pcm = new LabelledPcm();
      const frames: PcmFrame[] = [];
      for (let at = 0; at < samples.length; at += size)
        frames.push(...pcm.pushSamples(samples.subarray(at, at + size)));
      for (let at = 0; at < labels.length; at += size) frames.push(...pcm.pushLabels(labels.slice(at, at + size)));
      expect(frames.map(({ ptsSamples, samples: { length } }) => [ptsSamples, length])).toEqual([
        [-1008, 2048],
        [16, 2048],
      ]);
      expect(frames[1]?.samples[0]).toBe(0x0100);
      expect(pcm.format).toEqual({ sampleRateHz: 48_000, channels: 2 });
    }
  });

  it('converts labels that count in something else than samples', () => {
    const pcm = new LabelledPcm();
    pcm.pushLabels(header.replace('1/48000', '1/1000').replace('stereo', 'mono'));
    pcm.pushSamples(Buffer.alloc(200));
    expect(pcm.pushLabels('0, 500, 500, 2, 200, 0x0\n')[0]?.ptsSamples).toBe(24_000);
    expect(pcm.format?.channels).toBe(1);
  });
});

describe('sync probe', () => {
  it('reports, for each expected segment, how far the nearest sound lies from its first frame', () => {
    const deltas: number[] = [];
    const probe = new SyncProbe({ onDelta: (delta) => deltas.push(delta) });
    probe.expectSegment(0);
    probe.expectSegment(6000);
    for (let ts = -22; ts < 7000; ts += 20) {
      probe.audio(ts);
      if ((ts + 22) % 100 === 0) probe.video(ts + 25); // frames at 3, 103, 203 …
    }
    expect(deltas).toEqual([5, 5]); // 3 lies 5 from −2, 6003 lies 5 from 5998
  });

  it('sees a gap in the sound', () => {
    const deltas: number[] = [];
    const probe = new SyncProbe({ onDelta: (delta) => deltas.push(delta) });
    probe.expectSegment(1000);
    probe.audio(700);
    probe.video(1000);
    probe.audio(1250);
    expect(deltas).toEqual([250]);
  });
});
