// media-relay beside the real MediaMTX: what a publisher and a reader get from either, alike where it counts, and where they differ.

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Clips,
  type Finished,
  makeClips,
  type Packet,
  packetsOf,
  parseFramecrc,
  publish,
  type RunningFfmpeg,
  read,
  stopAll,
  type Tracks,
  type Transport,
  type Urls,
} from './ffmpeg.ts';
import { missingElements, publishByGstreamer, readByGstreamer, warnWithoutGstreamer } from './gstreamer.ts';
import { findMediamtx, startMediamtx } from './mediamtx.ts';
import { startRelay } from './relay-fixture.ts';
import { until } from './until.ts';

interface Server extends Urls {
  api(path: string): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

const mediamtx = findMediamtx();
if (mediamtx === undefined) {
  console.warn('SKIPPED: 15 tests on the real MediaMTX; npm run images, or set TESTCARD_MEDIAMTX to its program');
}
const hasGstreamer = missingElements.length === 0;
warnWithoutGstreamer('6 tests of publishing by GStreamer, and its readers in the others');

const TRANSPORTS: readonly Transport[] = ['rtsp-tcp', 'rtsp-udp', 'rtmp'];
const FRAMES_A_GOP = 6;
const FRAMES_A_LONG_GOP = 30;
/** FFmpeg's RTSP publisher never sends the audio it is still collecting for a packet when it ends. */
const UNSENT_AUDIO_FRAMES = 8;
const ENDS_WITHIN_MS = 8_000;

const servers = [
  {
    kind: 'media-relay',
    isThere: true,
    open: async (): Promise<Server> => {
      const relay = await startRelay();
      return { ...relay, close: () => relay.relay.close() };
    },
  },
  { kind: 'MediaMTX', isThere: mediamtx !== undefined, open: () => startMediamtx(mediamtx?.program ?? '') },
];

let clips: Clips;
let source: Tracks;
beforeAll(() => {
  clips = makeClips(7);
  source = packetsOf(clips.plain);
});
afterAll(() => {
  clips.remove();
  mediamtx?.remove();
});

/** Where in the source a reader's packets lie; they must be one unbroken run of it. `from` is -1 when nothing of it arrived. */
function whereIn(track: readonly Packet[], got: readonly Packet[]): { from: number; to: number } {
  const crcs = track.map((packet) => packet.crc);
  const from = crcs.indexOf(got[0]?.crc ?? 'nothing arrived');
  expect(got.map((packet) => packet.crc)).toEqual(crcs.slice(from, from + got.length));
  return { from, to: from + got.length };
}

describe.each(servers)('$kind', ({ kind, isThere, open }) => {
  let server: Server;
  const suite = isThere ? test : test.skip;
  beforeAll(async () => {
    if (isThere) server = await open();
  });
  afterEach(stopAll);
  afterAll(() => server?.close());
  const isRelay = kind === 'media-relay';

  const describePath = async (path: string) => {
    const { status, body } = await server.api(`/v3/paths/get/${path}`);
    return status === 200
      ? (body as { ready: boolean; inboundBytes?: number; tracks: string[]; readers?: unknown[] })
      : undefined;
  };
  const ready = (path: string) => until(`${path} to be ready`, async () => (await describePath(path))?.ready === true);
  const gone = (path: string) =>
    until(`${path} to end`, async () => (await describePath(path))?.ready !== true, 20_000);
  const inboundBytes = async (path: string) => (await describePath(path))?.inboundBytes;
  const publishBy = (program: 'FFmpeg' | 'GStreamer', to: Transport, path: string) =>
    program === 'FFmpeg'
      ? publish(clips.plain, to, server, path)
      : publishByGstreamer(clips.plain, to, server, path, inboundBytes);

  /** Ends a reader that has not noticed its publisher's end by itself within `withinMs`. */
  async function finished(
    reader: RunningFfmpeg,
    withinMs = ENDS_WITHIN_MS,
  ): Promise<Finished & { endedItself: boolean }> {
    let endedItself = true;
    const timer = setTimeout(() => {
      endedItself = false;
      reader.child.kill('SIGINT');
    }, withinMs);
    const result = await reader.done;
    clearTimeout(timer);
    return { ...result, endedItself };
  }

  describe.each(['FFmpeg', 'GStreamer'] as const)('published by %s', (program) => {
    const suite = isThere && (program === 'FFmpeg' || hasGstreamer) ? test : test.skip;
    suite.each(TRANSPORTS)(
      'over %s, every reader gets one unbroken run of it, from a keyframe to the end',
      async (to) => {
        const path = `matrix/${program}-${to}`;
        const publisher = publishBy(program, to, path);
        await ready(path);
        const readers = [
          ...TRANSPORTS.map((from) => ({ name: `FFmpeg ${from}`, reader: read(from, server, path), file: undefined })),
          ...(hasGstreamer ? TRANSPORTS : []).map((from) => {
            const file = join(dirname(clips.plain), `${kind}-${program}-${to}-${from}.h264`);
            return {
              name: `GStreamer ${from}`,
              reader: readByGstreamer(from, server, path, { file, hasSound: true }),
              file,
            };
          }),
        ];
        await publisher.done;
        await Promise.all(
          readers.map(async ({ name, reader, file }) => {
            const { endedItself, stdout, stderr } = await finished(reader);
            if (!isRelay && program === 'GStreamer' && to !== 'rtmp' && name.endsWith('rtmp')) {
              // MediaMTX cannot turn GStreamer's sound (LATM with frame length type 2) into RTMP's, and closes the connection.
              const sourceBytes = source.video.reduce((sum, packet) => sum + packet.size, 0);
              const got =
                file === undefined
                  ? parseFramecrc(stdout).video.reduce((sum, { size }) => sum + size, 0)
                  : statSync(file).size;
              expect(got).toBeLessThan(sourceBytes / 2);
              return;
            }
            const got = file === undefined ? parseFramecrc(stdout) : packetsOf(file);
            const video = whereIn(source.video, got.video);
            // GStreamer throws away a frame that comes right before the end over RTMP; media-relay waits a moment for that.
            // MediaMTX, on the other hand, does not read what is still in its sockets when a publisher over UDP says that it is done.
            const unsent = isRelay ? 0 : to === 'rtsp-udp' ? 6 : name === 'GStreamer rtmp' ? 1 : 0;
            expect(video.to, `${name}: ${stderr}`).toBeGreaterThanOrEqual(source.video.length - unsent);
            expect(video.from % FRAMES_A_GOP, `${name} starts at a keyframe`).toBe(0);
            expect(video.from, `${name} starts within 6 s`).toBeLessThan(180);
            if (file === undefined) {
              const audio = whereIn(source.audio, got.audio);
              expect(audio.to, `${name}: sound`).toBeGreaterThanOrEqual(source.audio.length - UNSENT_AUDIO_FRAMES);
            }
            // A GStreamer reader over UDP learns of the end from RTCP, and MediaMTX says no goodbye there.
            expect(endedItself, `${name} ends with its publisher`).toBe(isRelay || name !== 'GStreamer rtsp-udp');
          }),
        );
      },
    );
  });

  suite.each(TRANSPORTS)('a path published over %s is ready once its tracks are known', async (to) => {
    const path = `ready/${to}`;
    const publisher = publish(clips.plain, to, server, path);
    const startedAt = performance.now();
    await ready(path);
    const tookMs = performance.now() - startedAt;
    const described = await describePath(path);
    expect(described?.tracks).toEqual(expect.arrayContaining(['H264', 'MPEG-4 Audio']));
    // MediaMTX looks at two seconds of an RTMP stream before it lets readers in.
    if (!isRelay && to === 'rtmp') expect(tookMs).toBeGreaterThan(1_900);
    if (isRelay) expect(tookMs).toBeLessThan(4_000);
    publisher.child.kill('SIGKILL');
    const killedAt = performance.now();
    await gone(path);
    // MediaMTX keeps a session over UDP when its connection is gone, until its packets have been missing for 10 s.
    if (!isRelay && to === 'rtsp-udp') expect(performance.now() - killedAt).toBeGreaterThan(5_000);
    else expect(performance.now() - killedAt).toBeLessThan(5_000);
  });

  suite('who joins late starts at a keyframe of its time', async () => {
    const path = 'late';
    const publisher = publish(clips.reordered, 'rtsp-tcp', server, path);
    await ready(path);
    const joinedAt = performance.now();
    await until('two seconds of it', () => performance.now() - joinedAt > 2_000);
    const readers = TRANSPORTS.map((from) => read(from, server, path));
    await publisher.done;
    const reordered = packetsOf(clips.reordered);
    for (const result of await Promise.all(readers.map((reader) => finished(reader)))) {
      const video = whereIn(reordered.video, parseFramecrc(result.stdout).video);
      expect(video.to).toBe(reordered.video.length);
      expect(video.from % FRAMES_A_LONG_GOP).toBe(0);
      expect(video.from).toBeGreaterThanOrEqual(FRAMES_A_LONG_GOP);
    }
  });

  suite('readers end when the publisher leaves, and who reads after its return gets the new stream', async () => {
    const path = 'restart';
    const first = publish(clips.plain, 'rtmp', server, path);
    await ready(path);
    const before = read('rtsp-tcp', server, path);
    await until('the reader to be there', async () => ((await describePath(path))?.readers?.length ?? 0) > 0);
    first.child.kill('SIGKILL');
    expect((await finished(before)).endedItself).toBe(true);
    await gone(path);
    const second = publish(clips.plain, 'rtmp', server, path);
    await ready(path);
    const after = read('rtsp-tcp', server, path);
    expect((await second.done).code).toBe(0);
    const video = whereIn(source.video, parseFramecrc((await finished(after)).stdout).video);
    expect(video).toMatchObject({ to: source.video.length });
  });

  suite(`a reader that is there before the publisher ${isRelay ? 'waits for it and gets all' : 'is refused at once'}`, async () => {
    const path = 'early';
    const startedAt = performance.now();
    const readers = TRANSPORTS.map((from) => read(from, server, path));
    if (!isRelay) {
      for (const { endedItself, stdout } of await Promise.all(readers.map((reader) => finished(reader)))) {
        expect(endedItself).toBe(true);
        expect(parseFramecrc(stdout).video).toEqual([]);
      }
      return;
    }
    await until('a second to pass', () => performance.now() - startedAt > 1_000);
    for (const { child } of readers) expect(child.exitCode).toBeNull();
    await publish(clips.plain, 'rtmp', server, path).done;
    for (const { stdout } of await Promise.all(readers.map((reader) => finished(reader)))) {
      expect(whereIn(source.video, parseFramecrc(stdout).video)).toEqual({ from: 0, to: source.video.length });
    }
  });

  suite.each(TRANSPORTS)('of two publishers of a path over %s, the second is refused', async (to) => {
    const path = `two/${to}`;
    const first = publish(clips.plain, to, server, path);
    await ready(path);
    const second = publish(clips.plain, to, server, path);
    expect((await finished(second)).code).not.toBe(0);
    expect(first.child.exitCode).toBeNull();
    expect((await describePath(path))?.ready).toBe(true);
  });
});
