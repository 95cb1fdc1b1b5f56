// What the relay answers to RTSP requests, in and out of order.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRelay, startRelay } from './relay-fixture.ts';
import { publishVideo, RtspClient, VIDEO_SDP } from './rtsp-client.ts';
import { until } from './until.ts';

let relay: RunningRelay;
beforeAll(async () => {
  relay = await startRelay({
    readerWaitMs: 200,
    sessionTimeoutMs: 1_000,
    requestTimeoutMs: 1_500,
    publisherTimeoutMs: 600,
  });
});
afterAll(() => relay.relay.close());

const TCP = 'RTP/AVP/TCP;unicast;interleaved=0-1';

describe('statuses', () => {
  test('a description without a publisher is held for the configured time, then answered with 404', async () => {
    const client = await RtspClient.open(relay.rtspPort, 'nobody/here');
    const askedAt = performance.now();
    expect((await client.request('DESCRIBE')).status).toBe(404);
    expect(performance.now() - askedAt).toBeGreaterThan(190);
    client.close();
  });

  test('a transport that the relay does not have gets 461, and a later alternative in the same header is taken', async () => {
    const { client: publisher } = await publishVideo(relay.rtspPort, 'transport');
    const client = await RtspClient.open(relay.rtspPort, 'transport');
    await client.request('DESCRIBE');
    expect((await client.setup('trackID=0', 'RTP/SAVP/TCP;unicast;interleaved=0-1')).status).toBe(461);
    expect((await client.setup('trackID=0', 'RTP/AVP;multicast')).status).toBe(461);
    const taken = await client.setup('trackID=0', `RTP/AVP;multicast,${TCP}`);
    expect(taken.status).toBe(200);
    expect(taken.headers.get('transport')).toContain('interleaved=0-1');
    client.close();
    publisher.close();
  });

  test('a foreign session gets 454', async () => {
    const client = await RtspClient.open(relay.rtspPort, 'x');
    expect((await client.request('PLAY', { headers: { Session: 'deadbeef' } })).status).toBe(454);
    client.close();
  });

  test('requests out of their state get 455', async () => {
    const client = await RtspClient.open(relay.rtspPort, 'x');
    expect((await client.request('PLAY')).status).toBe(455);
    expect((await client.request('RECORD')).status).toBe(455);
    expect((await client.request('PAUSE')).status).toBe(455);
    await client.request('ANNOUNCE', { body: VIDEO_SDP });
    expect((await client.request('RECORD')).status).toBe(455);
    expect((await client.request('DESCRIBE')).status).toBe(455);
    client.close();
  });

  test('an unknown method gets 405, an unknown track 404, a second publisher 403', async () => {
    const { client: publisher } = await publishVideo(relay.rtspPort, 'taken');
    const client = await RtspClient.open(relay.rtspPort, 'taken');
    expect((await client.request('REDIRECT')).status).toBe(405);
    expect((await client.setup('trackID=7', TCP)).status).toBe(404);
    const second = await RtspClient.open(relay.rtspPort, 'taken');
    expect((await second.request('ANNOUNCE', { body: VIDEO_SDP })).status).toBe(403);
    await until('the refused publisher to be closed', () => second.ended);
    for (const each of [client, second, publisher]) each.close();
  });
});

describe('a reader', () => {
  test('gets a sender report before its first packet, and RTP-Info and Range that agree with it', async () => {
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'info');
    for (let index = 0; index < 40; index += 1) frame(index, { keyframe: index % 6 === 0 });
    const client = await RtspClient.open(relay.rtspPort, 'info');
    await until(
      'frames to arrive',
      async () =>
        Number(((await relay.api('/v3/paths/get/info')) as { body: { bytesReceived: number } }).body.bytesReceived) >=
        40 * 212,
    );
    await client.request('DESCRIBE');
    await client.setup('trackID=0', TCP);
    const play = await client.request('PLAY', { headers: { Range: 'npt=0.000-' } });
    expect(play.headers.get('range')).toBe('npt=1.000-');
    expect(play.headers.get('rtp-info')).toBe(`url=${client.url}/trackID=0;seq=36;rtptime=90000`);
    await until('all frames since the last keyframe', () => client.packets.length >= 5);
    expect(client.packets[0]?.channel).toBe(1);
    expect(client.packets[0]?.packet.readUInt32BE(16)).toBe(90_000);
    expect(client.packets.slice(1).map(({ packet }) => packet.readUInt32BE(4) / 3000)).toEqual([36, 37, 38, 39]);
    client.close();
    publisher.close();
  });

  test('that pauses gets nothing, and after PLAY starts at a keyframe again', async () => {
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'pause');
    const client = await RtspClient.open(relay.rtspPort, 'pause');
    await client.request('DESCRIBE');
    await client.setup('trackID=0', TCP);
    await client.request('PLAY');
    frame(0, { keyframe: true });
    await until('the first frame', () => client.packets.some(({ channel }) => channel === 0));
    expect((await client.request('PAUSE')).status).toBe(200);
    const before = client.packets.length;
    for (let index = 1; index < 9; index += 1) frame(index, { keyframe: index === 6 });
    await until(
      'the frames to be in',
      async () =>
        Number(((await relay.api('/v3/paths/get/pause')) as { body: { bytesReceived: number } }).body.bytesReceived) >=
        9 * 212,
    );
    await client.request('GET_PARAMETER');
    expect(client.packets.length).toBe(before);
    await client.request('PLAY');
    await until('frames again', () => client.packets.length >= before + 3);
    const again = client.packets.slice(before).filter(({ channel }) => channel === 0);
    expect(again.map(({ packet }) => packet.readUInt32BE(4) / 3000)).toEqual([6, 7, 8]);
    client.close();
    publisher.close();
  });

  test('over UDP that says nothing more is closed after the session’s time-out, and one that asks for parameters is not', async () => {
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'idle');
    const clients = await Promise.all([0, 1].map(() => RtspClient.open(relay.rtspPort, 'idle')));
    const [silent, lively] = clients as [RtspClient, RtspClient];
    for (const client of clients) {
      await client.request('DESCRIBE');
      expect((await client.setup('trackID=0', 'RTP/AVP;unicast;client_port=40000-40001')).status).toBe(200);
      expect((await client.request('PLAY')).status).toBe(200);
    }
    const startedAt = performance.now();
    let index = 0;
    await until(
      'the silent reader to be closed',
      async () => {
        frame(index, { keyframe: true });
        index += 1;
        if (index % 10 === 0) await lively.request('GET_PARAMETER');
        return silent.closed;
      },
      4_000,
    );
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(lively.closed).toBe(false);
    lively.close();
    publisher.close();
  });
});

describe('a publisher', () => {
  test('that sends nothing for the configured time is closed, and its path is free again', async () => {
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'stalled');
    frame(0, { keyframe: true });
    await until('the stalled publisher to be closed', () => publisher.closed, 3_000);
    expect((await relay.api('/v3/paths/get/stalled')).status).toBe(404);
    const { client: next } = await publishVideo(relay.rtspPort, 'stalled');
    next.close();
  });

  test('that leaves ends its readers with a goodbye after the last packet, then the connection', async () => {
    const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'leaves');
    const client = await RtspClient.open(relay.rtspPort, 'leaves');
    await client.request('DESCRIBE');
    await client.setup('trackID=0', TCP);
    await client.request('PLAY');
    for (let index = 0; index < 50; index += 1) frame(index, { keyframe: index === 0 });
    await publisher.request('TEARDOWN');
    await until('the end', () => client.ended);
    const media = client.packets.filter(({ channel }) => channel === 0);
    expect(media.length).toBe(50);
    const last = client.packets.at(-1);
    expect(last?.channel).toBe(1);
    expect(last?.packet.readUInt8(last.packet.length - 7)).toBe(203);
    client.close();
  });
});
