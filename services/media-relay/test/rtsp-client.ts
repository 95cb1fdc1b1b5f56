// A small RTSP client for tests: requests with their answers, interleaved packets both ways, and a publisher of made-up video.

import { connect, type Socket } from 'node:net';
import { buildSenderReport } from '../src/codec/rtcp.ts';
import { RtpPacketBuilder } from '../src/codec/rtp-packet.ts';

export interface Answer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

export class RtspClient {
  readonly socket: Socket;
  readonly url: string;
  /** Interleaved packets received, by channel. */
  readonly packets: { channel: number; packet: Buffer }[] = [];
  /** The relay ended its side. */
  ended = false;
  closed = false;
  session: string | undefined;
  #received: Buffer = Buffer.alloc(0);
  #sequence = 0;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  private constructor(socket: Socket, url: string) {
    this.socket = socket;
    this.url = url;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static open(port: number, path: string): Promise<RtspClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () =>
        resolve(new RtspClient(socket, `rtsp://127.0.0.1:${port}/${path}`)),
      );
      socket.once('error', reject);
    });
  }

  request(
    method: string,
    options: { url?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { CSeq: String(++this.#sequence), ...options.headers };
    if (this.session !== undefined && headers.Session === undefined) headers.Session = this.session;
    if (options.body !== undefined) headers['Content-Length'] = String(options.body.length);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    this.socket.write(
      `${method} ${options.url ?? this.url} RTSP/1.0\r\n${lines.join('\r\n')}\r\n\r\n${options.body ?? ''}`,
    );
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  setup(track: string, transport: string): Promise<Answer> {
    return this.request('SETUP', { url: `${this.url}/${track}`, headers: { Transport: transport } });
  }

  sendPacket(channel: number, packet: Buffer): boolean {
    const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]);
    return this.socket.write(Buffer.concat([head, packet]));
  }

  close(): void {
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const data = this.#received;
      if (data[0] === 0x24) {
        if (data.length < 4 || data.length < 4 + data.readUInt16BE(2)) return;
        const end = 4 + data.readUInt16BE(2);
        this.packets.push({ channel: data.readUInt8(1), packet: Buffer.from(data.subarray(4, end)) });
        this.#received = data.subarray(end);
        continue;
      }
      const headEnd = data.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const [first = '', ...lines] = data.toString('latin1', 0, headEnd).split('\r\n');
      const headers = new Map(
        lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:\s*/, '')]),
      );
      const end = headEnd + 4 + Number(headers.get('content-length') ?? 0);
      if (data.length < end) return;
      this.#received = data.subarray(end);
      this.session ??= headers.get('session')?.split(';')[0];
      const answer = { status: Number(first.split(' ')[1]), headers, body: data.toString('utf8', headEnd + 4, end) };
      this.#waiting.shift()?.(answer);
    }
  }
}

/** Baseline 320×240 at 30 fps, as x264 writes it. */
export const SPS = Buffer.from('6742c00dda0507ec0440000003004000000f03c50aa8', 'hex');
export const PPS = Buffer.from('68ce0fc8', 'hex');

export const VIDEO_SDP = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=test',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  `a=fmtp:96 packetization-mode=1; sprop-parameter-sets=${SPS.toString('base64')},${PPS.toString('base64')}`,
  'a=control:streamid=0',
  '',
].join('\r\n');

/** Announces and records one interleaved video track; frames are then sent with `frame`. */
export async function publishVideo(port: number, path: string): Promise<{ client: RtspClient; frame: FrameSender }> {
  const client = await RtspClient.open(port, path);
  const steps = [
    await client.request('ANNOUNCE', { headers: { 'Content-Type': 'application/sdp' }, body: VIDEO_SDP }),
    await client.setup('streamid=0', 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record'),
    await client.request('RECORD'),
  ];
  const refused = steps.find((answer) => answer.status !== 200);
  if (refused !== undefined) throw new Error(`publishing was refused with ${refused.status}`);
  client.sendPacket(1, senderReport(0));
  return { client, frame: frameSender(client) };
}

/** A report that puts this RTP timestamp on a whole second. */
function senderReport(rtp: number): Buffer {
  return buildSenderReport({ ssrc: 0x1234, ntpMicros: 3_900_000_000e6, rtp }, { packets: 0, octets: 0 });
}

/** Sends frame `index` of a 30 fps stream; false when the connection takes no more for now. */
export type FrameSender = (index: number, options?: { keyframe?: boolean; bytes?: number }) => boolean;

function frameSender(client: RtspClient): FrameSender {
  const builder = new RtpPacketBuilder(96, 0x1234, 0);
  return (index, { keyframe = false, bytes = 200 } = {}) => {
    const nal = Buffer.alloc(bytes, index & 0xff);
    nal[0] = keyframe ? 0x65 : 0x41;
    return client.sendPacket(0, builder.build(index * 3000, true, nal).packet);
  };
}
