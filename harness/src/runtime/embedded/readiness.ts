// Whether a service is ready: one attempt of its HTTP address, its health check's command, or its ports.

import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { LOCAL_HOST, type PortTable, rewriteAddresses, rewriteArguments } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import type { ServiceCommand } from './service-command.ts';
import { startServiceProcess } from './service-process.ts';

export interface ReadinessProbe {
  /** `undefined` when ready, else what was seen instead. Never rejects. */
  attempt(signal: AbortSignal): Promise<string | undefined>;
  /** Pauses between attempts: short at first, so that a fast service is found ready soon. */
  everyMs: number;
  maxEveryMs: number;
}

const HTTP_TIMEOUT_MS = 2_000;

/** Undefined for a service that has nothing to ask: it is up as soon as it runs. */
export function readinessProbe(
  spec: ServiceSpec,
  table: PortTable,
  command: ServiceCommand,
  guard: ProcessGuard,
): ReadinessProbe | undefined {
  const { ready } = spec;
  if (ready && 'http' in ready) {
    const url = rewriteAddresses(ready.http, table, spec.name).text;
    return {
      attempt: async (signal) => {
        const seen = await askHttp(url, signal);
        return seen === undefined ? undefined : `${ready.http}: ${seen}`;
      },
      everyMs: 10,
      maxEveryMs: 50,
    };
  }
  if (ready) {
    const argv = rewriteArguments(spec.name, ready.command, table);
    return {
      attempt: (signal) => runCheck(argv, command, guard, ready.timeoutMs, signal),
      everyMs: 20,
      maxEveryMs: Math.min(ready.intervalMs, 1_000),
    };
  }
  const ports = Object.entries(table[spec.name] ?? {}).filter(([port]) => !spec.udpPorts?.includes(Number(port)));
  if (ports.length === 0) return undefined;
  return {
    attempt: async (signal) => {
      for (const [port, local] of ports) {
        const seen = await tryConnect(local, signal);
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

function tryConnect(port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOCAL_HOST, port, signal });
    socket.setTimeout(HTTP_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(reasonOf(error)));
  });
}

async function runCheck(
  argv: string[],
  { env, cwd }: ServiceCommand,
  guard: ProcessGuard,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [program = '', ...args] = argv;
  let lastLine = '';
  const check = startServiceProcess({ argv: [program, ...args], env, cwd }, guard, (_stream, text) => {
    lastLine = text.trim() || lastLine;
  });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const stop = () => check.signal('SIGKILL');
  bounded.addEventListener('abort', stop, { once: true });
  if (bounded.aborted) stop();
  const exit = await check.ended;
  bounded.removeEventListener('abort', stop);
  if (exit.code === 0) return undefined;
  if (bounded.aborted) return `health check took longer than ${timeoutMs} ms`;
  const words = lastLine === '' ? '' : `: ${lastLine.slice(0, 200)}`;
  return exit.problem ?? `health check ended with ${exit.code ?? exit.signal}${words}`;
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return code === 'ECONNREFUSED' ? 'connection refused' : code === 'ECONNRESET' ? 'connection closed' : error.message;
}
