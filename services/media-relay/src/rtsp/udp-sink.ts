// Sends one track's packets to a reader's UDP ports, spreading out bursts that its receive buffer could not hold.

import type { Socket } from 'node:dgram';
import type { PacketSink } from './packet-sink.ts';
import { openUdpPortPair, type UdpPortPair, type UdpPortRange } from './udp-port-pair.ts';

/** About 45 kB a pause: joining a stream with seconds in its cache must not overrun a receive buffer of 200 kB. */
const BURST_PACKETS = 32;
const PAUSE_MS = 2;
/** RTCP has a socket of its own, and FFmpeg reads that one first: a goodbye sent at once would end it before the last packets. */
const GOODBYE_DELAY_MS = 250;

export interface UdpTarget {
  address: string;
  rtpPort: number;
  rtcpPort: number;
}

export class UdpSink implements PacketSink {
  readonly #ports: UdpPortPair;
  readonly #queue: { socket: Socket; packet: Buffer }[] = [];
  #queuedBytes = 0;
  #pause: NodeJS.Timeout | undefined;
  #goodbye: NodeJS.Timeout | undefined;
  #sentInBurst = 0;
  #closed = false;

  private constructor(ports: UdpPortPair) {
    this.#ports = ports;
  }

  /** `onAlive` is called for everything that the reader sends back. */
  static async open(
    host: string,
    range: UdpPortRange | undefined,
    target: UdpTarget,
    onAlive: () => void,
  ): Promise<UdpSink> {
    const ports = await openUdpPortPair(host, range);
    try {
      await Promise.all([
        connect(ports.rtp, target.rtpPort, target.address),
        connect(ports.rtcp, target.rtcpPort, target.address),
      ]);
    } catch (error) {
      ports.close();
      throw error;
    }
    ports.rtp.on('message', onAlive);
    ports.rtcp.on('message', onAlive);
    return new UdpSink(ports);
  }

  get serverPorts(): string {
    return `${this.#ports.rtpPort}-${this.#ports.rtcpPort}`;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  sendRtp(packet: Buffer): void {
    this.#enqueue(this.#ports.rtp, packet);
  }

  sendRtcp(packet: Buffer): void {
    this.#enqueue(this.#ports.rtcp, packet);
  }

  sendGoodbye(packet: Buffer): void {
    this.#goodbye = setTimeout(() => {
      // A queue that is still not empty keeps its order.
      this.#enqueue(this.#ports.rtcp, packet);
    }, GOODBYE_DELAY_MS);
  }

  close(): void {
    if (this.#closed) return;
    clearTimeout(this.#goodbye);
    // What is still queued goes out in one burst: better at risk than not at all.
    for (const { socket, packet } of this.#queue) socket.send(packet);
    this.#closed = true;
    clearTimeout(this.#pause);
    this.#ports.close();
  }

  #enqueue(socket: Socket, packet: Buffer): void {
    if (this.#closed) return;
    if (this.#pause === undefined) {
      this.#sentInBurst = 0;
      this.#pause = setTimeout(() => this.#resume(), PAUSE_MS);
    }
    if (this.#queue.length === 0 && this.#sentInBurst < BURST_PACKETS) {
      this.#sentInBurst += 1;
      socket.send(packet);
      return;
    }
    this.#queue.push({ socket, packet });
    this.#queuedBytes += packet.length;
  }

  #resume(): void {
    this.#pause = undefined;
    if (this.#queue.length === 0) return;
    const burst = this.#queue.splice(0, BURST_PACKETS);
    for (const { socket, packet } of burst) {
      this.#queuedBytes -= packet.length;
      socket.send(packet);
    }
    this.#sentInBurst = burst.length;
    this.#pause = setTimeout(() => this.#resume(), PAUSE_MS);
  }
}

/** A connected socket needs no look-up per packet, and takes packets from this peer only. */
function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
