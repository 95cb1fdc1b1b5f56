// FFmpeg's own behaviour is half of this, so the tests ask it, too: should a later FFmpeg send at the right times, one fails and the pacing can go.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTool } from '../ffmpeg/run-tool.ts';
import { type Clip, makeClip } from '../testing/clip.ts';
import { openPacedConnection } from './paced-connection.ts';
import { publishArguments } from './publish-arguments.ts';
import { startPublisher } from './publisher.ts';
import { rtspParts } from './rtsp-parts.ts';

const never = new AbortController().signal;
const CLOCK_HZ: Record<number, number> = { 96: 90_000, 97: 48_000 };
let folder: string;
let clip: Clip;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-aligned-'));
  clip = await makeClip(folder, 3);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a publisher over RTSP', () => {
  it('sends sound and picture of a moment together, from the first packet on', async () => {
    const server = await startSink();
    const publisher = await startPublisher({ ...clip, name: 'c', url: `${server.url}/live/a` }, { signal: never });
    await publisher.ended;
    const [picture, sound] = [server.track(96), server.track(97)];
    expect(Math.abs(sound.earliestMs - picture.earliestMs)).toBeLessThan(8);
    expect(Math.abs(sound.firstAtMs - picture.firstAtMs)).toBeLessThan(8);
    // No packet is earlier than the first, so whoever joins at once is told the same times as whoever joins late.
    expect(picture.firstAtMs - picture.earliestMs).toBeLessThan(8);
    expect(sound.firstAtMs - sound.earliestMs).toBeLessThan(8);
    expect(picture.frames).toBe(clip.frames); // the last ones, too, though they were held when FFmpeg had ended
    expect(server.requests.at(-1)).toBe('TEARDOWN');
    await server.close();
  });

  it('is needed: FFmpeg by itself sends what fell due while it connected in one burst, and sound a frame later', async () => {
    const server = await startSink();
    const tool = startTool('ffmpeg', publishArguments({ ...clip, url: `${server.url}/live/a` }), { extraPipes: 1 });
    tool.extra[0]?.resume();
    await tool.ended;
    const [picture, sound] = [server.track(96), server.track(97)];
    expect(sound.earliestMs - picture.earliestMs).toBeGreaterThan(15);
    expect(picture.firstAtMs - picture.earliestMs).toBeGreaterThan(15);
    await server.close();
  });

  it('breaks off as it would by itself when the server goes', async () => {
    const server = await startSink();
    const publisher = await startPublisher({ ...clip, name: 'c', url: `${server.url}/live/a` }, { signal: never });
    await server.close();
    await expect(publisher.ended).rejects.toMatchObject({
      message: expect.stringMatching(/broke off: after \d\.\d s, .*(Broken pipe|reset by peer)/),
    });
  });

  it('tells the answer with which the server refuses the stream', async () => {
    const server = await startSink('404 Not Found');
    const publishing = startPublisher(
      { ...clip, name: 'c', url: `${server.url}/live/a` },
      { signal: never, connectWithinMs: 800 },
    );
    await expect(publishing).rejects.toMatchObject({ message: expect.stringMatching(/404 Not Found/) });
    await server.close();
  });
});

describe('openPacedConnection', () => {
  it('keeps user and path of the address', async () => {
    const server = await startSink();
    const url = `${server.url.replace('//', '//user:pa%40ss@')}/live/a?x=1`;
    const opened = await openPacedConnection(url, { host: '127.0.0.1', port: server.port }, { signal: never });
    if ('problem' in opened) throw new Error(opened.problem);
    expect(opened.url).toMatch(/^rtsp:\/\/user:pa%40ss@127\.0\.0\.1:\d+\/live\/a\?x=1$/);
    expect(opened.url).not.toContain(`:${server.port}/`);
    await opened.finish(); // though FFmpeg never came
    await expect.poll(() => server.connections()).toBe(0);
    await server.close();
  });

  it('gives up when told', async () => {
    const bound = new AbortController();
    bound.abort(new Error('time is up'));
    await expect(openPacedConnection('rtsp://127.0.0.1:9/a', { host: '127.0.0.1', port: 9 }, bound)).rejects.toThrow(
      'time is up',
    );
  });
});

interface Track {
  /** When the first packet came. */
  firstAtMs: number;
  /** Of all packets, the least by which one came after its timestamp; the track's own zero is its first timestamp. */
  earliestMs: number;
  /** Packets with the marker bit: the last of a picture, or of an access unit. */
  frames: number;
}

/** An RTSP server that takes everything. */
async function startSink(status = '200 OK') {
  const seen = new Map<number, Track & { zero: number }>();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const read = rtspParts();
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      for (const part of read(chunk)) {
        if (part.kind === 'frame') count(part.packet);
        else {
          const [, method = ''] = /^(\w+)/.exec(part.text) ?? [];
          requests.push(method);
          const transport = /^transport:.*$/im.exec(part.text)?.[0];
          const headers = [/^cseq:.*$/im.exec(part.text)?.[0] ?? '', 'Session: 1', ...(transport ? [transport] : [])];
          socket.write(`RTSP/1.0 ${method === 'OPTIONS' ? '200 OK' : status}\r\n${headers.join('\r\n')}\r\n\r\n`);
        }
      }
    });
  }).listen(0, '127.0.0.1');
  const count = (packet: Buffer) => {
    const second = packet[1] ?? 0;
    if (second >= 192 && second <= 223) return; // RTCP
    const payloadType = second & 0x7f;
    const nowMs = performance.now();
    const stamp = packet.readUInt32BE(4);
    const track = seen.get(payloadType) ?? { firstAtMs: nowMs, earliestMs: nowMs, frames: 0, zero: stamp };
    const ptsMs = (((stamp - track.zero) | 0) * 1_000) / (CLOCK_HZ[payloadType] ?? Number.NaN);
    track.earliestMs = Math.min(track.earliestMs, nowMs - ptsMs);
    if (second & 0x80) track.frames += 1;
    seen.set(payloadType, track);
  };
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `rtsp://127.0.0.1:${port}`,
    requests,
    connections: () => sockets.size,
    track(payloadType: number): Track {
      const track = seen.get(payloadType);
      if (!track) throw new Error(`no packet of payload type ${payloadType}; requests: ${requests.join(' ')}`);
      return track;
    },
    async close() {
      for (const socket of sockets) socket.resetAndDestroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
