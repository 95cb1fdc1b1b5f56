// GStreamer as publisher and as reader, against FFmpeg on the other side.

import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Clips,
  makeClips,
  type Packet,
  packetsOf,
  parseFramecrc,
  publish,
  read,
  start,
  stopAll,
} from './ffmpeg.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';
import { until } from './until.ts';

const missing = ['qtdemux', 'h264parse', 'rtspclientsink', 'rtmp2sink'].filter((element) => {
  try {
    execFileSync('gst-inspect-1.0', [element], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
});
if (missing.length > 0) {
  console.warn(
    `SKIPPED: GStreamer tests, for want of ${missing.join(', ')} (Debian: gstreamer1.0-tools, -plugins-good, -plugins-bad, -rtsp)`,
  );
}

let clips: Clips;
let relay: RunningRelay;
beforeAll(async () => {
  if (missing.length > 0) return;
  clips = makeClips();
  relay = await startRelay();
});
afterEach(stopAll);
afterAll(async () => {
  if (missing.length > 0) return;
  await relay.relay.close();
  clips.remove();
});

const gst = (pipeline: string) => start(['-q', ...pipeline.split(' ')], 'gst-launch-1.0');
const crc = (packets: readonly Packet[]) => packets.map((packet) => packet.crc);
const isPublished = async (path: string) => (await relay.api(`/v3/paths/get/${path}`)).status === 200;

const demuxed = (sink: string) =>
  `filesrc location=${clips.plain} ! qtdemux name=d d.video_0 ! queue ! h264parse ! ${sink} d.audio_0 ! queue ! aacparse ! ${sink}`;

describe.skipIf(missing.length > 0)('published by GStreamer', () => {
  test.each(['tcp', 'udp'])('over RTSP %s reaches FFmpeg readers whole, audio and video in step', async (protocol) => {
    const path = `gst/rtsp-${protocol}`;
    const readers = [read('rtsp-tcp', relay, path), read('rtmp', relay, path)];
    await relay.waitingReaders(2);
    const sink = `rtspclientsink name=s location=${relay.rtspUrl(path)} protocols=${protocol} latency=0`;
    const publisher = gst(`${sink} ${demuxed('s.')}`);
    const results = await Promise.all(readers.map((reader) => reader.done));
    await publisher.done;
    const source = packetsOf(clips.plain);
    for (const result of results) {
      expect(result.code).toBe(0);
      const got = parseFramecrc(result.stdout);
      expect(crc(got.video)).toEqual(crc(source.video));
      expect(got.audio.length).toBeGreaterThanOrEqual(source.audio.length - 2);
      expect(crc(got.audio)).toEqual(crc(source.audio).slice(0, got.audio.length));
    }
    // GStreamer's clock reports come seconds after its first packet; RTMP is held until then, and so exact from its first frame.
    const rtmp = parseFramecrc(results[1]?.stdout ?? '');
    const distance = (tracks: { video: Packet[]; audio: Packet[] }) =>
      (tracks.audio[10]?.pts ?? Number.NaN) - (tracks.video[10]?.pts ?? Number.NaN);
    expect(Math.abs(distance(rtmp) - distance(source))).toBeLessThan(0.003);
  });

  test('over RTMP reaches FFmpeg readers whole', async () => {
    const path = 'gst/rtmp';
    const readers = [read('rtsp-udp', relay, path), read('rtmp', relay, path)];
    await relay.waitingReaders(2);
    const publisher = gst(`flvmux streamable=true name=m ! rtmp2sink location=${relay.rtmpUrl(path)} ${demuxed('m.')}`);
    const results = await Promise.all(readers.map((reader) => reader.done));
    expect((await publisher.done).code).toBe(0);
    const source = packetsOf(clips.plain);
    for (const result of results) {
      expect(result.code).toBe(0);
      const got = parseFramecrc(result.stdout);
      expect(crc(got.video)).toEqual(crc(source.video));
      expect(got.audio.length).toBeGreaterThanOrEqual(source.audio.length - 2);
    }
  });
});

describe.skipIf(missing.length > 0)('read by GStreamer', () => {
  test.each(['rtsp-tcp', 'rtsp-udp', 'rtmp'] as const)(
    'over %s, every frame arrives and the end is an end',
    async (from) => {
      const path = `gst/read-${from}`;
      const file = join(dirname(clips.plain), `${from}.h264`);
      const parsed = `h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! filesink location=${file}`;
      const reader = gst(
        from === 'rtmp'
          ? `rtmp2src location=${relay.rtmpUrl(path)} ! flvdemux name=d d.video ! queue ! ${parsed}`
          : `rtspsrc location=${relay.rtspUrl(path)} protocols=${from.slice(5)} latency=200 name=r r. ! application/x-rtp,media=video ! rtph264depay ! ${parsed}`,
      );
      await until('the reader to be connected', async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${relay.apiPort}/metrics`)).text();
        return metrics.includes(`${from.slice(0, 4)}_conns 1`);
      });
      // Video alone: gst-launch links the pads of several tracks at its own pace, and fails where none is linked yet.
      const publisher = publish(clips.plain, from === 'rtmp' ? 'rtsp-tcp' : 'rtmp', relay, path, ['-an']);
      await until('the path', () => isPublished(path));
      expect((await publisher.done).code).toBe(0);
      const result = await reader.done;
      expect(result.stderr).toBe('');
      expect(result.code).toBe(0);
      expect(crc(packetsOf(file).video)).toEqual(crc(packetsOf(clips.plain).video));
    },
  );
});
