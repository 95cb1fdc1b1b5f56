// Builds the relay out of its parts; the caller decides when it listens and when it stops.

import type { FastifyInstance } from 'fastify';
import { createHttpApi } from './api/http-api.ts';
import type { RelayConfig } from './config.ts';
import type { Log } from './core/log.ts';
import { PathRegistry } from './core/path-registry.ts';
import { newCounters, type RelayContext } from './core/relay-context.ts';
import { TcpServer } from './core/tcp-server.ts';
import { FaultRegistry } from './faults/fault-registry.ts';
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

export function createRelay(config: RelayConfig, log: Log): MediaRelay {
  const paths = new PathRegistry(config.maxPaths);
  const faults = new FaultRegistry(paths, log);
  const context: RelayContext = { config, log, paths, faults, counters: newCounters() };
  const rtsp = new TcpServer('rtsp', context, (link) => new RtspConnection(context, link));
  const rtmp = new TcpServer('rtmp', context, (link) => new RtmpConnection(context, link));
  let api: FastifyInstance | undefined;

  async function listenApi(): Promise<number> {
    api = await createHttpApi(context, { rtsp: () => rtsp.connectionCount, rtmp: () => rtmp.connectionCount });
    await api.listen({ port: config.apiPort, host: config.host });
    const address = api.server.address();
    return typeof address === 'object' && address !== null ? address.port : config.apiPort;
  }

  return {
    async listen() {
      const [rtspPort, rtmpPort, apiPort] = await Promise.all([
        rtsp.listen(config.rtspPort, config.host),
        rtmp.listen(config.rtmpPort, config.host),
        listenApi(),
      ]);
      return { rtspPort, rtmpPort, apiPort };
    },
    async close() {
      faults.endAll();
      // Publishers first: their readers then get the stream's proper end before the connections close.
      for (const publication of context.paths.publications) publication.end();
      await Promise.all([rtsp.close(config.stopTimeoutMs), rtmp.close(config.stopTimeoutMs), api?.close()]);
    },
  };
}
