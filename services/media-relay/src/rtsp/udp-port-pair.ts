// Two neighbouring UDP ports, the even one for RTP and the odd one for RTCP (RFC 3550, 11), for one track of one session.

import { createSocket, type Socket } from 'node:dgram';

export interface UdpPortPair {
  rtp: Socket;
  rtcp: Socket;
  rtpPort: number;
  rtcpPort: number;
  close(): void;
}

export interface UdpPortRange {
  min: number;
  max: number;
}

const ATTEMPTS = 64;
/** A keyframe comes as a burst; systems that allow less give less. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Binds a pair on `host`, within `range` or wherever the system has room. Rejects when no pair is free. */
export async function openUdpPortPair(host: string, range: UdpPortRange | undefined): Promise<UdpPortPair> {
  const family = host.includes(':') ? 'udp6' : 'udp4';
  const candidates = range === undefined ? Array.from({ length: ATTEMPTS }, () => 0) : evenPorts(range);
  let last: unknown = new Error('no even port in the range');
  for (const candidate of candidates) {
    const rtp = createSocket(family);
    const rtcp = createSocket(family);
    try {
      const rtpPort = await bind(rtp, candidate, host);
      if (rtpPort % 2 !== 0) throw new Error('odd port');
      const rtcpPort = await bind(rtcp, rtpPort + 1, host);
      for (const socket of [rtp, rtcp]) growReceiveBuffer(socket);
      const close = () => {
        rtp.close();
        rtcp.close();
      };
      return { rtp, rtcp, rtpPort, rtcpPort, close };
    } catch (error) {
      last = error;
      rtp.close();
      rtcp.close();
    }
  }
  throw new Error('no free pair of UDP ports', { cause: last });
}

function* evenPorts({ min, max }: UdpPortRange): Generator<number> {
  for (let port = min + (min % 2); port + 1 <= max; port += 2) yield port;
}

function bind(socket: Socket, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, address: host, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // a peer's closed port comes back as an error of the next call; sessions have their own time-outs
      resolve(socket.address().port);
    });
  });
}

function growReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // The default is what there is then.
  }
}
