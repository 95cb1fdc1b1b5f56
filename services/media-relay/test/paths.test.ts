// Readers that come first, publishers that come again, and what the control API says about it, over both protocols.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { avcVideoHeader, FLV_VIDEO } from '../src/codec/flv.ts';
import { buildAvcConfig } from '../src/codec/h264.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';
import { RtmpClient } from './rtmp-client.ts';
import { PPS, publishVideo, RtspClient, SPS } from './rtsp-client.ts';
import { until } from './until.ts';

let relay: RunningRelay;
beforeAll(async () => {
  relay = await startRelay({ readerWaitMs: 3_000, readerBufferBytes: 512 * 1024 });
});
afterAll(() => relay.relay.close());

interface PathBody {
  name: string;
  ready: boolean;
  readyTime: string;
  tracks: string[];
  bytesReceived: number;
  bytesSent: number;
  readers: { type: string; id: string }[];
}
const path = async (name: string) => (await relay.api(`/v3/paths/get/${name}`)) as { status: number; body: PathBody };

const videoConfig = () =>
  Buffer.concat([avcVideoHeader({ keyframe: true, config: true, compositionMs: 0 }), buildAvcConfig([SPS], [PPS])]);
const videoFrame = (keyframe: boolean, bytes = 100) => {
  const nal = Buffer.alloc(4 + bytes);
  nal.writeUInt32BE(bytes, 0);
  nal[4] = keyframe ? 0x65 : 0x41;
  return Buffer.concat([avcVideoHeader({ keyframe, config: false, compositionMs: 0 }), nal]);
};

async function publishRtmp(app: string, name: string, on = relay): Promise<RtmpClient> {
  const client = await RtmpClient.open(on.rtmpPort);
  await client.start('publish', app, name);
  if (client.statuses.at(-1) === 'NetStream.Publish.Start') client.media(9, 0, videoConfig());
  return client;
}

describe('the name of a path', () => {
  test.each([
    ['live', 'in', 'live/in'],
    ['live/test', 'in', 'live/test/in'],
    ['live', 'test/in', 'live/test/in'],
    ['live', 'in?user=x&pass=y', 'live/in'],
    ['a/b/c/d', 'e/f', 'a/b/c/d/e/f'],
  ])('application %s with stream %s is %s', async (app, name, expected) => {
    const publisher = await publishRtmp(app, name);
    await until('the path', async () => (await path(expected)).status === 200);
    expect((await path(expected)).body.name).toBe(expected);
    publisher.close();
    await until('the path to go', async () => (await path(expected)).status === 404);
  });
});

describe('a waiting reader', () => {
  test('is told of the end, and a new one gets the next publisher of the same path, from its first frame', async () => {
    for (const round of [1, 2]) {
      const reader = await RtmpClient.open(relay.rtmpPort);
      await reader.start('play', 'live', 'again');
      await until('the reader to be connected', () => reader.messages.length > 0);
      const publisher = await publishRtmp('live', 'again');
      for (let index = 0; index < 20; index += 1)
        publisher.media(9, round * 1000 + index * 33, videoFrame(index === 0));
      publisher.command('deleteStream', 4, null, 1);
      await until('the end', () => reader.ended);
      const frames = reader.messages.filter(({ type }) => type === FLV_VIDEO).slice(1);
      expect(frames.map(({ timestamp }) => timestamp - round * 1000)).toEqual(
        Array.from({ length: 20 }, (_, index) => index * 33),
      );
      expect(reader.statuses.at(-1)).toBe('NetStream.Play.UnpublishNotify');
      reader.close();
      publisher.close();
    }
  });

  test('over RTMP hears after the configured time that there is no stream', async () => {
    await using short = await startRelay({ readerWaitMs: 100 });
    const reader = await RtmpClient.open(short.rtmpPort);
    await reader.start('play', 'live', 'never');
    await until('the refusal', () => reader.statuses.includes('NetStream.Play.StreamNotFound'));
    await until('the close', () => reader.ended);
    reader.close();
  });
});

test('a second RTMP publisher is refused, whichever protocol the first one uses', async () => {
  const first = await publishRtmp('live', 'one');
  const second = await publishRtmp('live', 'one');
  expect(second.statuses).toEqual(['NetStream.Publish.BadName']);
  await until('the close', () => second.ended);
  const { client: rtsp } = await publishVideo(relay.rtspPort, 'live/two');
  const third = await publishRtmp('live', 'two');
  expect(third.statuses).toEqual(['NetStream.Publish.BadName']);
  for (const each of [first, second, third, rtsp]) each.close();
});

test('timestamps beyond 24 bits reach an RTMP reader unchanged, in chunks of any size', async () => {
  await using roomy = await startRelay();
  const publisher = await publishRtmp('live', 'long', roomy);
  const start = 0xff_ffff - 50;
  const bytes = 200_000; // several chunks, each of which repeats the extended timestamp
  publisher.media(9, start, videoFrame(true, bytes));
  const reader = await RtmpClient.open(roomy.rtmpPort);
  await reader.start('play', 'live', 'long');
  for (let index = 1; index < 5; index += 1) publisher.media(9, start + index * 33, videoFrame(false, bytes));
  const frames = () => reader.messages.filter(({ type, payload }) => type === FLV_VIDEO && payload.length > bytes);
  await until('all frames', () => frames().length === 5);
  expect(frames().map(({ timestamp }) => timestamp - start)).toEqual([0, 33, 66, 99, 132]);
  expect(frames().every(({ payload }) => payload.equals(videoFrame(payload[0] === 0x17, bytes)))).toBe(true);
  for (const each of [publisher, reader]) each.close();
});

describe('a reader that does not keep up', () => {
  test.each(['rtmp', 'rtsp'] as const)('over %s is dropped with a log line, and others read on', async (protocol) => {
    const name = `slow/${protocol}`;
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, name);
    const play = async () => {
      if (protocol === 'rtmp') {
        const reader = await RtmpClient.open(relay.rtmpPort);
        await reader.start('play', 'slow', protocol);
        return { reader, received: () => reader.messages.filter(({ type }) => type === FLV_VIDEO).length };
      }
      const reader = await RtspClient.open(relay.rtspPort, name);
      await reader.request('DESCRIBE');
      await reader.setup('trackID=0', 'RTP/AVP/TCP;unicast;interleaved=0-1');
      await reader.request('PLAY');
      return { reader, received: () => reader.packets.filter(({ channel }) => channel === 0).length };
    };
    const slow = await play();
    const good = await play();
    await until('both readers', async () => (await path(name)).body.readers.length === 2);
    slow.reader.socket.pause();
    let sent = 0;
    await until('the slow reader to be dropped', async () => {
      for (let burst = 0; burst < 20; burst += 1, sent += 1) frame(sent, { keyframe: sent % 6 === 0, bytes: 30_000 });
      return relay.lines.some(({ message, path }) => message.startsWith('reader dropped') && path === name);
    });
    await until('the drop to show in the API', async () => (await path(name)).body.readers.length === 1);
    frame(sent, { keyframe: true });
    await until('the other reader to have everything', () => good.received() >= sent, 15_000);
    expect(good.reader.closed).toBe(false);
    for (const each of [slow.reader, good.reader, publisher]) each.close();
  });
});

describe('the control API', () => {
  test('lists a path with its tracks, counters and readers once somebody publishes, and not before', async () => {
    expect(await path('live/api')).toMatchObject({ status: 404, body: { error: 'path not found' } });
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'live/api');
    const reader = await RtmpClient.open(relay.rtmpPort);
    await reader.start('play', 'live', 'api');
    frame(0, { keyframe: true });
    await until('the reader and the frame', async () => {
      const { body } = await path('live/api');
      return body.readers.length === 1 && body.bytesReceived > 0;
    });
    const { body } = await path('live/api');
    expect(body).toMatchObject({ name: 'live/api', ready: true, tracks: ['H264'], bytesReceived: 212 });
    expect(body.readers[0]?.type).toBe('rtmpConn');
    expect(Math.abs(Date.parse(body.readyTime) - Date.now())).toBeLessThan(10_000);
    const list = (await relay.api('/v3/paths/list')).body as { itemCount: number; items: PathBody[] };
    expect(list.items.map(({ name }) => name)).toContain('live/api');
    const metrics = await (await fetch(`http://127.0.0.1:${relay.apiPort}/metrics`)).text();
    expect(metrics).toContain('paths{name="live/api",state="ready"} 1');
    expect(metrics).toContain('paths_bytes_received{name="live/api",state="ready"} 212');
    expect((await relay.api('/health')).body).toMatchObject({ status: 'ok' });
    for (const each of [publisher, reader]) each.close();
  });
});

test('connections beyond the limit are refused with a log line, and room is made when one leaves', async () => {
  await using small = await startRelay({ maxConnections: 2, maxPaths: 1 });
  const first = await publishVideo(small.rtspPort, 'a');
  const second = await RtspClient.open(small.rtspPort, 'b');
  expect(
    (await second.request('ANNOUNCE', { body: 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n' })).status,
  ).toBe(403);
  const third = await RtspClient.open(small.rtspPort, 'c');
  const refused = () => small.lines.filter(({ message }) => message === 'connection refused: too many').length;
  await until('the third to be refused', () => third.closed || refused() > 0);
  first.client.close();
  second.close();
  await until('room', async () => {
    const next = await RtspClient.open(small.rtspPort, 'd');
    const answer = await Promise.race([
      next.request('OPTIONS').then(({ status }) => status),
      until('close', () => next.closed).then(() => 0),
    ]);
    next.close();
    return answer === 200;
  });
  third.close();
});
