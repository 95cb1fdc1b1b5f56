// Random bytes, and valid sessions cut short and mutated: each closes its own connection, and the relay goes on relaying.

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encodeAmf } from '../src/codec/amf0.ts';
import { avcVideoHeader } from '../src/codec/flv.ts';
import { buildAvcConfig } from '../src/codec/h264.ts';
import { buildSenderReport } from '../src/codec/rtcp.ts';
import { packetizeH264 } from '../src/codec/rtp-h264.ts';
import { RtpPacketBuilder } from '../src/codec/rtp-packet.ts';
import { type Clips, makeClips, packetsOf, parseFramecrc, publish, read, stopAll } from './ffmpeg.ts';
import { type Random, seeded } from './random.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';
import { PPS, publishVideo, RtspClient, SPS, VIDEO_SDP } from './rtsp-client.ts';
import { until } from './until.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 400);

let clips: Clips;
let relay: RunningRelay;
beforeAll(async () => {
  clips = makeClips();
  relay = await startRelay({ readerWaitMs: 500, requestTimeoutMs: 500, publisherTimeoutMs: 500 });
});
afterEach(stopAll);
afterAll(async () => {
  await relay.relay.close();
  clips.remove();
});

/** A description with AAC too, so that its parsers are reached. */
const SDP = `${VIDEO_SDP}m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/2\r\na=fmtp:97 mode=AAC-hbr; sizelength=13; indexlength=3; indexdeltalength=3; config=1190\r\na=control:streamid=1\r\n`;

function rtspSession(path: string, random: Random): Buffer[] {
  const url = `rtsp://127.0.0.1:${relay.rtspPort}/${path}`;
  let sequence = 0;
  const request = (method: string, target: string, headers: string, body = '') =>
    Buffer.from(
      `${method} ${target} RTSP/1.0\r\nCSeq: ${++sequence}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  const interleaved = (channel: number, packet: Buffer) =>
    Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 255]), packet]);
  const video = new RtpPacketBuilder(96, 1, 0);
  const audio = new RtpPacketBuilder(97, 2, 0);
  const parts = [
    request('OPTIONS', url, ''),
    request('ANNOUNCE', url, 'Content-Type: application/sdp\r\n', SDP),
    request('SETUP', `${url}/streamid=0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n'),
    request('SETUP', `${url}/streamid=1`, 'Transport: RTP/AVP/TCP;unicast;interleaved=2-3;mode=record\r\n'),
    request('RECORD', url, ''),
    interleaved(1, buildSenderReport({ ssrc: 1, ntpMicros: 3.9e15, rtp: 0 }, { packets: 0, octets: 0 })),
    interleaved(3, buildSenderReport({ ssrc: 2, ntpMicros: 3.9e15, rtp: 0 }, { packets: 0, octets: 0 })),
  ];
  for (let frame = 0; frame < 6; frame += 1) {
    const nal = Buffer.concat([Buffer.from([frame % 3 === 0 ? 0x65 : 0x41]), random.bytes(random.below(4_000))]);
    const stapA = Buffer.concat([Buffer.from([0x18, 0, SPS.length]), SPS, Buffer.from([0, PPS.length]), PPS]);
    parts.push(interleaved(0, video.build(frame * 3000, false, stapA).packet));
    for (const { marker, parts: payload } of packetizeH264([nal], 1_400)) {
      parts.push(interleaved(0, video.build(frame * 3000, marker, ...payload).packet));
    }
    parts.push(interleaved(2, audio.build(frame * 1024, true, Buffer.from([0, 16, 0, 80]), random.bytes(10)).packet));
  }
  return [...parts, request('TEARDOWN', url, '')];
}

function rtspReaderSession(path: string, random: Random): Buffer[] {
  const url = `rtsp://127.0.0.1:${relay.rtspPort}/${path}`;
  const transport =
    random.below(2) === 0 ? 'RTP/AVP/TCP;unicast;interleaved=0-1' : 'RTP/AVP;unicast;client_port=40000-40001';
  const lines = [
    `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`,
    `SETUP ${url}/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: ${transport}\r\n\r\n`,
    `PLAY ${url} RTSP/1.0\r\nCSeq: 3\r\nRange: npt=0.000-\r\n\r\n`,
    `$\u0001\u0000\u0008receiver`,
    `PAUSE ${url} RTSP/1.0\r\nCSeq: 4\r\n\r\n`,
    `PLAY ${url} RTSP/1.0\r\nCSeq: 5\r\n\r\n`,
    `GET_PARAMETER ${url} RTSP/1.0\r\nCSeq: 6\r\n\r\n`,
  ];
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

function rtmpSession(path: string, random: Random): Buffer[] {
  const message = (type: number, timestamp: number, payload: Buffer) => {
    const head = Buffer.alloc(12);
    head[0] = type === 8 ? 4 : type === 9 ? 6 : 3;
    head.writeUIntBE(timestamp, 1, 3);
    head.writeUIntBE(payload.length, 4, 3);
    head[7] = type;
    head.writeUInt32LE(1, 8);
    const chunks: Buffer[] = [head];
    for (let at = 0; at < payload.length; at += 128) {
      if (at > 0) chunks.push(Buffer.from([0xc0 | (head[0] ?? 0)]));
      chunks.push(payload.subarray(at, at + 128));
    }
    return Buffer.concat(chunks);
  };
  const config = Buffer.concat([
    avcVideoHeader({ keyframe: true, config: true, compositionMs: 0 }),
    buildAvcConfig([SPS], [PPS]),
  ]);
  const parts = [
    Buffer.concat([Buffer.from([3]), random.bytes(1536)]),
    random.bytes(1536),
    message(
      20,
      0,
      encodeAmf('connect', 1, { app: 'fuzz', tcUrl: 'rtmp://127.0.0.1/fuzz', nested: { a: [1, null, true] } }),
    ),
    message(20, 0, encodeAmf('createStream', 2, null)),
    message(20, 0, encodeAmf('publish', 3, null, path, 'live')),
    message(18, 0, encodeAmf('@setDataFrame', 'onMetaData', { videocodecid: 7, audiocodecid: 10 })),
    message(9, 0, config),
    message(8, 0, Buffer.from([0xaf, 0, 0x11, 0x90])),
  ];
  for (let frame = 0; frame < 6; frame += 1) {
    const nal = Buffer.alloc(4 + random.below(3_000) + 1);
    nal.writeUInt32BE(nal.length - 4, 0);
    nal[4] = frame % 3 === 0 ? 0x65 : 0x41;
    const header = avcVideoHeader({ keyframe: frame % 3 === 0, config: false, compositionMs: 0 });
    parts.push(message(9, frame * 33, Buffer.concat([header, nal])));
    parts.push(message(8, frame * 21, Buffer.concat([Buffer.from([0xaf, 1]), random.bytes(20)])));
  }
  return [...parts, message(20, 200, encodeAmf('deleteStream', 4, null, 1))];
}

type Mutation = (bytes: Buffer, random: Random) => Buffer;
const MUTATIONS: readonly Mutation[] = [
  (bytes) => bytes,
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    const out = Buffer.from(bytes);
    for (let count = 1 + random.below(20); count > 0; count -= 1) {
      const at = random.below(out.length);
      out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
    }
    return out;
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(64)), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64))]);
  },
  (bytes, random) => {
    const out = Buffer.from(bytes);
    const at = random.below(out.length);
    out.fill(random.below(2) * 255, at, Math.min(out.length, at + 1 + random.below(8))); // lengths of nothing, and of far too much
    return out;
  },
];

/** Mutates one part, so that what comes before it is valid and its parser is really reached. */
function mutate(parts: readonly Buffer[], random: Random): Buffer {
  const chosen = random.below(parts.length);
  const mutation = MUTATIONS[random.below(MUTATIONS.length)] ?? ((bytes: Buffer) => bytes);
  return Buffer.concat(parts.map((part, index) => (index === chosen ? mutation(part, random) : part)));
}

/** Sends the bytes in pieces of random size; resolves when the connection is over, whoever ended it. */
function attack(port: number, bytes: Buffer, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => resolve());
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random.below(2_000);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    const abrupt = random.below(4) === 0;
    socket.on('connect', () => {
      const next = () => {
        const piece = pieces.shift();
        if (piece !== undefined && !socket.destroyed) socket.write(piece, () => setImmediate(next));
        else if (abrupt) socket.destroy();
        else socket.end();
      };
      next();
    });
  });
}

async function attackMany(protocol: 'rtsp' | 'rtmp', make: (random: Random, round: number) => Buffer): Promise<void> {
  const port = protocol === 'rtsp' ? relay.rtspPort : relay.rtmpPort;
  const width = 8;
  for (let round = 0; round < ROUNDS; round += width) {
    await Promise.all(
      Array.from({ length: width }, (_, lane) => {
        const random = seeded(SEED + round + lane);
        return attack(port, make(random, round + lane), random);
      }),
    );
  }
}

async function stillRelays(protocol: 'rtsp' | 'rtmp'): Promise<void> {
  await until(
    'all paths to be free',
    async () => ((await relay.api('/v3/paths/list')).body as { itemCount: number }).itemCount === 0,
  );
  const transport = protocol === 'rtsp' ? 'rtsp-tcp' : 'rtmp';
  const publisher = publish(clips.plain, transport, relay, `sane/${protocol}`);
  await until('the publisher', async () => (await relay.api(`/v3/paths/get/sane/${protocol}`)).status === 200);
  const result = await read(transport, relay, `sane/${protocol}`).done;
  expect((await publisher.done).code).toBe(0);
  expect(result.code).toBe(0);
  const source = packetsOf(clips.plain).video.map(({ crc }) => crc);
  const got = parseFramecrc(result.stdout).video.map(({ crc }) => crc);
  expect(got.length).toBeGreaterThan(30);
  expect(got).toEqual(source.slice(-got.length));
}

function expectOnlyRefusals(): void {
  const internal = relay.lines.filter(({ level }) => level === 'error');
  expect(internal).toEqual([]);
}

test.each(['rtsp', 'rtmp'] as const)('random bytes over %s', async (protocol) => {
  await attackMany(protocol, (random) => random.bytes(random.below(5_000)));
  expectOnlyRefusals();
  const refused = relay.lines.filter(({ message }) => message === 'connection closed on malformed input');
  expect(refused.length).toBeGreaterThan(ROUNDS / 2);
  await stillRelays(protocol);
});

test.each([
  ['rtsp', rtspSession],
  ['rtmp', rtmpSession],
] as const)('valid sessions over %s, mutated', async (protocol, session) => {
  const before = relay.lines.length;
  await attackMany(protocol, (random, round) => mutate(session(`p${round}`, random), random));
  expectOnlyRefusals();
  const since = relay.lines.slice(before);
  expect(since.some(({ message }) => message === 'connection closed on malformed input')).toBe(true);
  expect(since.filter(({ message }) => message === 'stream ready').length).toBeGreaterThan(ROUNDS / 4);
  await stillRelays(protocol);
});

test('readers over rtsp that mutate what they say leave publisher and other readers alone', async () => {
  const { client: publisher, frame } = await publishVideo(relay.rtspPort, 'target');
  let sent = 0;
  const pump = setInterval(() => frame(sent, { keyframe: sent++ % 6 === 0 }), 10);
  const witness = await RtspClient.open(relay.rtspPort, 'target');
  try {
    await witness.request('DESCRIBE');
    await witness.setup('trackID=0', 'RTP/AVP/TCP;unicast;interleaved=0-1');
    await witness.request('PLAY');
    const before = relay.lines.length;
    await attackMany('rtsp', (random) => mutate(rtspReaderSession('target', random), random));
    expectOnlyRefusals();
    const joined = relay.lines.slice(before).filter(({ message }) => message === 'reader joined').length;
    expect(joined).toBeGreaterThan(ROUNDS / 4);
    const last = sent;
    const media = () => witness.packets.filter(({ channel }) => channel === 0);
    await until('the witness to be up to date', () => media().length >= last);
    const indexes = media().map(({ packet }) => packet.readUInt32BE(4) / 3000);
    expect(indexes).toEqual(indexes.map((_, place) => (indexes[0] ?? 0) + place));
  } finally {
    clearInterval(pump);
    witness.close();
    publisher.close();
  }
});

test('after all of it no connection and no path is left', async () => {
  await until('everything to be closed', async () => {
    const text = await (await fetch(`http://127.0.0.1:${relay.apiPort}/metrics`)).text();
    return text.includes('rtsp_conns 0') && text.includes('rtmp_conns 0') && !text.includes('paths{');
  });
});
