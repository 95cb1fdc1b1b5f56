// The transport of one track, as SETUP asks for it (RFC 2326, clause 12.39): interleaved in the connection, or over UDP.

import type { RelayConfig } from '../config.ts';
import type { ConnectionSocket } from '../core/tcp-server.ts';
import { InterleavedSink } from './packet-sink.ts';
import type { RtspPublisher } from './publisher.ts';
import type { RtspReader } from './reader.ts';
import type { TransportSpec } from './transport.ts';
import { UdpSink } from './udp-sink.ts';
import { UdpSource } from './udp-source.ts';

export interface TrackEnds {
  config: RelayConfig;
  link: ConnectionSocket;
  remoteAddress: string;
  /** Something came from the other end. */
  onAlive(): void;
  /** False when the session ended while ports were opened: they are closed again then. */
  isCurrent(): boolean;
}

/** Value of the Transport header; undefined when the session has ended meanwhile. */
export type Transport = string | undefined;

/** Channels of a publisher that interleaves: channel → track and kind. */
export type Channels = Map<number, { track: number; rtcp: boolean }>;

export async function openPublisherTrack(
  publisher: RtspPublisher,
  track: number,
  spec: TransportSpec,
  channels: Channels,
  { config, link, remoteAddress, onAlive, isCurrent }: TrackEnds,
): Promise<Transport> {
  if (spec.kind === 'tcp') {
    const channel = spec.rtpChannel ?? track * 2;
    channels.set(channel, { track, rtcp: false });
    channels.set(channel + 1, { track, rtcp: true });
    return `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};mode=record`;
  }
  const source = await UdpSource.open(config.host, config.udpPorts, remoteAddress, {
    onRtp: (packet) => {
      onAlive();
      publisher.onRtp(track, packet);
    },
    onRtcp: (packet) => publisher.onRtcp(track, packet),
    guard: link.guard,
  });
  if (!isCurrent()) {
    source.close();
    return undefined;
  }
  publisher.addSource(track, source);
  return `RTP/AVP;unicast;client_port=${spec.rtpPort}-${spec.rtcpPort};server_port=${source.serverPorts};mode=record`;
}

export async function openReaderTrack(
  reader: RtspReader,
  track: number,
  spec: TransportSpec,
  { config, link, remoteAddress, onAlive, isCurrent }: TrackEnds,
): Promise<Transport> {
  if (spec.kind === 'tcp') {
    const channel = spec.rtpChannel ?? track * 2;
    reader.setTrack(track, new InterleavedSink(link.socket, channel));
    return `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
  }
  const target = { address: remoteAddress, rtpPort: spec.rtpPort, rtcpPort: spec.rtcpPort };
  const sink = await UdpSink.open(config.host, config.udpPorts, target, onAlive);
  if (!isCurrent()) {
    sink.close();
    return undefined;
  }
  reader.setTrack(track, sink);
  return `RTP/AVP;unicast;client_port=${spec.rtpPort}-${spec.rtcpPort};server_port=${sink.serverPorts}`;
}
