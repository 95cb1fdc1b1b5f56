// Every way in crossed with every way out: the same bytes at the same times.

import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Clips,
  makeClips,
  type Packet,
  packetsOf,
  parseFramecrc,
  publish,
  read,
  stopAll,
  type Tracks,
  type Transport,
} from './ffmpeg.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';

let clips: Clips;
let relay: RunningRelay;
beforeAll(async () => {
  clips = makeClips();
  relay = await startRelay();
});
afterEach(stopAll);
afterAll(async () => {
  await relay.relay.close();
  clips.remove();
});

const OUT: readonly Transport[] = ['rtsp-tcp', 'rtsp-udp', 'rtmp'];

const CRC = (packets: readonly Packet[]) => packets.map((packet) => packet.crc);

/** FFmpeg's RTSP publisher never sends the audio it is still collecting for a packet when it ends. */
const UNSENT_AUDIO_FRAMES = 8;

async function relayed(file: string, from: Transport, path: string): Promise<Record<Transport, Tracks>> {
  const readers = OUT.map((to) => read(to, relay, path));
  await relay.waitingReaders(readers.length);
  const published = await publish(file, from, relay, path).done;
  expect(published.stderr).toBe('');
  expect(published.code).toBe(0);
  const results = await Promise.all(readers.map((reader) => reader.done));
  for (const result of results) {
    expect(result.code).toBe(0);
    expect(result.tookMs - published.tookMs, 'readers end with the publisher, not by a time-out').toBeLessThan(6_000);
  }
  const [tcp, udp, rtmp] = results.map((result) => parseFramecrc(result.stdout));
  if (tcp === undefined || udp === undefined || rtmp === undefined) throw new Error('a reader is missing');
  return { 'rtsp-tcp': tcp, 'rtsp-udp': udp, rtmp };
}

/** Times of a publisher that starts at zero, in whole milliseconds; FFmpeg moves a file that starts below zero up to it. */
function fromZero(source: Tracks): Tracks {
  const first = Math.min(...[...source.video, ...source.audio].map((packet) => packet.dts ?? 0), 0);
  const move = (packet: Packet): Packet => ({
    ...packet,
    pts: (packet.pts ?? 0) - first,
    dts: (packet.dts ?? 0) - first,
  });
  return { video: source.video.map(move), audio: source.audio.map(move) };
}

const round = (seconds: number | undefined) => Math.round((seconds ?? Number.NaN) * 1000 + 1e-6);

describe.each(['plain', 'reordered'] as const)('%s video', (kind) => {
  test.each(['rtsp-tcp', 'rtsp-udp'] as const)(
    'published over %s reaches all readers unchanged, audio and video in step',
    async (from) => {
      const source = fromZero(packetsOf(clips[kind]));
      const got = await relayed(clips[kind], from, `live/${kind}/${from}`);
      const sent = got['rtsp-tcp'].audio.length;
      expect(sent).toBeGreaterThanOrEqual(source.audio.length - UNSENT_AUDIO_FRAMES);
      for (const to of OUT) {
        expect(CRC(got[to].video), `video over ${to}`).toEqual(CRC(source.video));
        expect(CRC(got[to].audio), `audio over ${to}`).toEqual(CRC(source.audio).slice(0, sent));
      }
      for (const to of ['rtsp-tcp', 'rtsp-udp'] as const) {
        // To the tick, from the second video packet on: FFmpeg's RTSP demuxer has no time for the first.
        const offset = (got[to].video[1]?.ptsTicks ?? 0) - Math.round((source.video[1]?.pts ?? 0) * 90_000);
        expect(got[to].video.slice(1).map((packet) => packet.ptsTicks - offset)).toEqual(
          source.video.slice(1).map((packet) => Math.round((packet.pts ?? 0) * 90_000)),
        );
        expect(got[to].audio.map((packet) => packet.ptsTicks - Math.round((offset * 48_000) / 90_000))).toEqual(
          source.audio.slice(0, sent).map((packet) => Math.round((packet.pts ?? 0) * 48_000)),
        );
      }
      // To the millisecond, but for one whole number that all times share.
      const shift = round(got.rtmp.video[0]?.dts) - round(source.video[0]?.dts);
      expect(Math.abs(shift)).toBeLessThanOrEqual(1);
      for (const track of ['video', 'audio'] as const) {
        const expected = source[track].slice(0, got.rtmp[track].length);
        expect(got.rtmp[track].map((packet) => round(packet.pts) - shift)).toEqual(
          expected.map((packet) => round(packet.pts)),
        );
        expect(got.rtmp[track].map((packet) => round(packet.dts) - shift)).toEqual(
          expected.map((packet) => round(packet.dts)),
        );
      }
    },
  );

  test('published over RTMP reaches all readers unchanged, at exactly the publisher’s milliseconds', async () => {
    const file = clips[kind].replace('.mp4', '.flv');
    execFileSync('ffmpeg', ['-y', '-v', 'error', '-i', clips[kind], '-c', 'copy', '-f', 'flv', file]);
    const source = packetsOf(file);
    const got = await relayed(clips[kind], 'rtmp', `live/${kind}/rtmp`);
    for (const to of OUT) {
      expect(CRC(got[to].video), `video over ${to}`).toEqual(CRC(source.video));
      expect(CRC(got[to].audio), `audio over ${to}`).toEqual(CRC(source.audio));
    }
    for (const track of ['video', 'audio'] as const) {
      expect(got.rtmp[track].map(({ ptsTicks, dtsTicks }) => [ptsTicks, dtsTicks])).toEqual(
        source[track].map(({ ptsTicks, dtsTicks }) => [ptsTicks, dtsTicks]),
      );
    }
    for (const to of ['rtsp-tcp', 'rtsp-udp'] as const) {
      expect(got[to].video.slice(1).map((packet) => packet.ptsTicks)).toEqual(
        source.video.slice(1).map((packet) => packet.ptsTicks * 90),
      );
      expect(got[to].audio.map((packet) => packet.ptsTicks)).toEqual(
        source.audio.map((packet) => packet.ptsTicks * 48),
      );
    }
  });
});
