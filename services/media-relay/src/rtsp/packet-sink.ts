// Where a reader's packets go: into its RTSP connection, or (udp-sink.ts) to its UDP ports.

import type { Socket } from 'node:net';

export interface PacketSink {
  /** Bytes accepted but not yet on the network. */
  readonly queuedBytes: number;
  sendRtp(packet: Buffer): void;
  sendRtcp(packet: Buffer): void;
  /** The RTCP packet that says nothing more comes: must not overtake what was sent before. */
  sendGoodbye(packet: Buffer): void;
  close(): void;
}

/** Packets framed by `$`, channel and length on the connection itself (RFC 2326, 10.12). */
export class InterleavedSink implements PacketSink {
  readonly #socket: Socket;
  readonly #channel: number;

  constructor(socket: Socket, rtpChannel: number) {
    this.#socket = socket;
    this.#channel = rtpChannel;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  sendRtp(packet: Buffer): void {
    this.#send(this.#channel, packet);
  }

  sendRtcp(packet: Buffer): void {
    this.#send(this.#channel + 1, packet);
  }

  sendGoodbye(packet: Buffer): void {
    this.sendRtcp(packet);
  }

  close(): void {}

  #send(channel: number, packet: Buffer): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return;
    // One buffer per packet costs a copy of a kilobyte; two writes would cost a system-call vector entry and more garbage.
    const frame = Buffer.allocUnsafe(4 + packet.length);
    frame.writeUInt8(0x24, 0);
    frame.writeUInt8(channel & 0xff, 1);
    frame.writeUInt16BE(packet.length, 2);
    packet.copy(frame, 4);
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(frame);
  }
}
