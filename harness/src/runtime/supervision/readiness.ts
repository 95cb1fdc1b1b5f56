// Whether a service is ready: one attempt of its HTTP address, or of its ports.

import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { type Endpoint, endpointOf, type PortTable } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';

export interface ReadinessProbe {
  /** `undefined` when ready, else what was seen instead. Never rejects. */
  attempt(signal: AbortSignal): Promise<string | undefined>;
  /** Pauses between attempts: short at first, so that a fast service is found ready soon. */
  everyMs: number;
  maxEveryMs: number;
}

const HTTP_TIMEOUT_MS = 2_000;

/** Ready when the address answers 2xx or 3xx. `shown`: the address as services see it, for messages. */
export function httpProbe(shown: string, url: string): ReadinessProbe {
  return {
    attempt: async (signal) => {
      const seen = await askHttp(url, signal);
      return seen === undefined ? undefined : `${shown}: ${seen}`;
    },
    everyMs: 10,
    maxEveryMs: 50,
  };
}

/**
 * Ready when every TCP port of the service accepts connections; undefined when it has none. `staysMs`: a connection must stay open so long,
 * where something that forwards ports accepts them before it knows whether anybody listens behind it.
 */
export function portsProbe(
  { name, udpPorts = [] }: ServiceSpec,
  table: PortTable,
  staysMs = 0,
): ReadinessProbe | undefined {
  const ports = Object.entries(table[name] ?? {}).filter(([port]) => !udpPorts.includes(Number(port)));
  if (ports.length === 0) return undefined;
  return {
    attempt: async (signal) => {
      for (const [port, reached] of ports) {
        const seen = await tryConnect(endpointOf(reached), staysMs, signal);
        if (seen !== undefined) return `port ${port}: ${seen}`;
      }
      return undefined;
    },
    everyMs: 10,
    maxEveryMs: 50,
  };
}

/** 2xx and 3xx are ready. No connection is kept: one that stays open would hold up the service's own shutdown. */
function askHttp(url: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(HTTP_TIMEOUT_MS)]);
    const request = get(url, { agent: false, signal: bounded }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400 ? undefined : `answered ${status}`);
    });
    request.on('error', (error) => {
      resolve(bounded.aborted ? `no answer within ${HTTP_TIMEOUT_MS} ms` : reasonOf(error));
    });
  });
}

function tryConnect({ host, port }: Endpoint, staysMs: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    let stays: NodeJS.Timeout | undefined;
    const settle = (seen: string | undefined) => {
      clearTimeout(stays);
      socket.destroy();
      resolve(seen);
    };
    socket.setTimeout(HTTP_TIMEOUT_MS, () => settle('no answer'));
    socket.once('connect', () => {
      if (staysMs === 0) settle(undefined);
      else stays = setTimeout(() => settle(undefined), staysMs);
    });
    socket.resume(); // an end is only seen by who reads
    socket.once('end', () => settle('connection closed'));
    socket.once('error', (error) => settle(reasonOf(error)));
  });
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return code === 'ECONNREFUSED' ? 'connection refused' : code === 'ECONNRESET' ? 'connection closed' : error.message;
}
