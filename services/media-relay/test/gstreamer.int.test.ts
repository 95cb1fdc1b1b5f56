// GStreamer as publisher and as reader, against FFmpeg on the other side.

import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Clips, makeClips, type Packet, packetsOf, parseFramecrc, publish, read, stopAll } from './ffmpeg.ts';
import { missingElements, publishByGstreamer, readByGstreamer, warnWithoutGstreamer } from './gstreamer.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';
import { until } from './until.ts';

warnWithoutGstreamer('GStreamer tests');

let clips: Clips;
let relay: RunningRelay;
beforeAll(async () => {
  if (missingElements.length > 0) return;
  clips = makeClips();
  relay = await startRelay();
});
afterEach(stopAll);
afterAll(async () => {
  if (missingElements.length > 0) return;
  await relay.relay.close();
  clips.remove();
});

const crc = (packets: readonly Packet[]) => packets.map((packet) => packet.crc);
const isPublished = async (path: string) => (await relay.api(`/v3/paths/get/${path}`)).status === 200;

const inboundBytes = async (path: string) =>
  ((await relay.api(`/v3/paths/get/${path}`)).body as { inboundBytes?: number }).inboundBytes;

describe.skipIf(missingElements.length > 0)('published by GStreamer', () => {
  test.each(['rtsp-tcp', 'rtsp-udp'] as const)(
    'over %s reaches FFmpeg readers whole, audio and video in step',
    async (protocol) => {
      const path = `gst/${protocol}`;
      const readers = [read('rtsp-tcp', relay, path), read('rtmp', relay, path)];
      await relay.waitingReaders(2);
      const publisher = publishByGstreamer(clips.plain, protocol, relay, path, inboundBytes);
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
      // They carry the time at which it got to send them: on a busy machine a frame's length off. Without them it would be seconds.
      expect(Math.abs(distance(rtmp) - distance(source))).toBeLessThan(0.05);
    },
  );

  test('over RTMP reaches FFmpeg readers whole', async () => {
    const path = 'gst/rtmp';
    const readers = [read('rtsp-udp', relay, path), read('rtmp', relay, path)];
    await relay.waitingReaders(2);
    const publisher = publishByGstreamer(clips.plain, 'rtmp', relay, path, inboundBytes);
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

describe.skipIf(missingElements.length > 0)('read by GStreamer', () => {
  test.each(['rtsp-tcp', 'rtsp-udp', 'rtmp'] as const)(
    'over %s, every frame arrives and the end is an end',
    async (from) => {
      const path = `gst/read-${from}`;
      const file = join(dirname(clips.plain), `${from}.h264`);
      const reader = readByGstreamer(from, relay, path, { file, hasSound: false });
      await until('the reader to be connected', async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${relay.apiPort}/metrics`)).text();
        return metrics.includes(`${from.slice(0, 4)}_conns 1`);
      });
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
