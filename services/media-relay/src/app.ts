// Builds the relay out of its parts; the caller decides when it listens and when it stops.

import { type RelayConfig, readConfig } from './config.ts';
import type { Log } from './core/log.ts';
import { PathRegistry } from './core/path-registry.ts';
import { newCounters, type RelayContext } from './core/relay-context.ts';
import { TcpServer } from './core/tcp-server.ts';
import { RtmpConnection } from './rtmp/connection.ts';
import { RtspConnection } from './rtsp/connection.ts';

export interface RelayAddresses {
  rtspPort: number;
  rtmpPort: number;
  apiPort: number;
}

export interface MediaRelay {
  listen(): Promise<RelayAddresses>;
  /** Ends all streams and connections within the configured time. */
  close(): Promise<void>;
}

export function createRelay(config: RelayConfig = readConfig({}), log: Log): MediaRelay {
  const context: RelayContext = { config, log, paths: new PathRegistry(config.maxPaths), counters: newCounters() };
  const rtsp = new TcpServer('rtsp', context, (link) => new RtspConnection(context, link));
  const rtmp = new TcpServer('rtmp', context, (link) => new RtmpConnection(context, link));
  return {
    async listen() {
      const [rtspPort, rtmpPort] = await Promise.all([
        rtsp.listen(config.rtspPort, config.host),
        rtmp.listen(config.rtmpPort, config.host),
      ]);
      return { rtspPort, rtmpPort, apiPort: 0 };
    },
    async close() {
      await Promise.all([rtsp.close(config.stopTimeoutMs), rtmp.close(config.stopTimeoutMs)]);
    },
  };
}
