// Receives one track of a publisher over UDP: in order, and with its first sender report before its first packet.

import type { RemoteInfo } from 'node:dgram';
import { ReorderBuffer } from './reorder-buffer.ts';
import { openUdpPortPair, type UdpPortPair, type UdpPortRange } from './udp-port-pair.ts';

/** RTP and RTCP come over two sockets that may be read in either order; the first report is worth this short wait. */
const FIRST_REPORT_WAIT_MS = 20;
/** After the publisher said goodbye on its connection, packets may still be in the socket's buffer. */
const DRAIN_IDLE_MS = 30;
const DRAIN_MAX_MS = 300;

export interface UdpSourceHandler {
  onRtp(packet: Buffer): void;
  onRtcp(packet: Buffer): void;
  /** Runs handlers so that what they throw ends this publisher and nothing else. */
  guard(run: () => void): void;
}

export class UdpSource {
  readonly #ports: UdpPortPair;
  readonly #handler: UdpSourceHandler;
  readonly #order: ReorderBuffer;
  #early: Buffer[] | undefined = [];
  #earlyTimer: NodeJS.Timeout | undefined;
  #received = 0;
  #closed = false;

  private constructor(ports: UdpPortPair, address: string, handler: UdpSourceHandler) {
    this.#ports = ports;
    this.#handler = handler;
    this.#order = new ReorderBuffer((packet) => handler.guard(() => handler.onRtp(packet)));
    const accept = (take: (packet: Buffer) => void) => (packet: Buffer, from: RemoteInfo) => {
      if (this.#closed || from.address !== address) return; // only the announcing host may publish
      this.#received += 1;
      take(packet);
    };
    ports.rtp.on(
      'message',
      accept((packet) => this.#onRtp(packet)),
    );
    ports.rtcp.on(
      'message',
      accept((packet) => this.#onRtcp(packet)),
    );
  }

  static async open(
    host: string,
    range: UdpPortRange | undefined,
    address: string,
    handler: UdpSourceHandler,
  ): Promise<UdpSource> {
    return new UdpSource(await openUdpPortPair(host, range), address, handler);
  }

  get serverPorts(): string {
    return `${this.#ports.rtpPort}-${this.#ports.rtcpPort}`;
  }

  /** Resolves once nothing more has come for a moment. */
  async drain(): Promise<void> {
    const startedAt = performance.now();
    let seen = -1;
    while (seen !== this.#received && performance.now() - startedAt < DRAIN_MAX_MS) {
      seen = this.#received;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_IDLE_MS));
      // A busy process runs its timers before it reads its sockets: look once more after they were read.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#release();
    this.#order.flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#release();
    this.#order.flush();
    this.#closed = true;
    this.#ports.close();
  }

  #onRtp(packet: Buffer): void {
    if (this.#early === undefined) {
      this.#inOrder(packet);
      return;
    }
    this.#early.push(packet);
    this.#earlyTimer ??= setTimeout(() => this.#release(), FIRST_REPORT_WAIT_MS);
  }

  #onRtcp(packet: Buffer): void {
    this.#handler.guard(() => this.#handler.onRtcp(packet));
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#earlyTimer);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const packet of early) this.#inOrder(packet);
  }

  #inOrder(packet: Buffer): void {
    if (packet.length < 12) return; // not RTP; anyone may send datagrams
    this.#order.push(packet.readUInt16BE(2), packet);
  }
}
