// Starts the proxy that breakable links pass through, as a process of its own, so that what this process does delays no byte.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../base/clock.ts';
import { splitLines } from '../../../base/lines.ts';
import { TestcardError } from '../../../model/errors.ts';
import type { ProcessGuard } from '../../../model/processes.ts';
import { claimPorts, type PortClaims } from '../../ownership/claim-ports.ts';

export interface LinkProxyOptions {
  guard: ProcessGuard;
  clock: Clock;
  signal: AbortSignal;
}

export interface ProxiedLink {
  /** Of the proxy in the API; any text without a slash. */
  name: string;
  upstreamHost: string;
  upstreamPort: number;
  /** Default: a free one of the range that Testcard claims its ports from. */
  listenPort?: number;
}

export interface LinkProxy {
  /** Base URL of the Toxiproxy API. */
  readonly api: string;
  readonly pid: number;
  /** Resolves with why, when the process is gone: every link through it is dead then. */
  readonly ended: Promise<string>;
  /** Where clients of the link connect to. Throws PORT_TAKEN, or STEP_INCONCLUSIVE when the proxy does not take it. */
  addProxy(link: ProxiedLink): Promise<{ host: string; port: number }>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));
const READY_WITHIN_MS = 10_000;
const CALL_WITHIN_MS = 5_000;

export async function startLinkProxy({ guard, clock, signal }: LinkProxyOptions): Promise<LinkProxy> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [MAIN], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, name) => resolve(`it ended with ${code ?? name}`));
  });
  if (pid === undefined) throw new TestcardError('STEP_INCONCLUSIVE', `the link proxy cannot start: ${await ended}`);
  const release = guard.adopt(pid);
  const claims: PortClaims[] = [];
  void ended.then(release);
  const stop = async () => {
    child.kill('SIGKILL'); // it holds nothing that would want an orderly end
    await ended;
    for (const claim of claims.splice(0)) claim.release();
  };
  let lastWords = '';
  const errors = splitLines((text) => {
    if (text.trim() !== '') lastWords = text.trim();
  });
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const told = new Promise<string>((resolve) => {
    const lines = splitLines(resolve);
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  });
  const over = new AbortController();
  try {
    const api = await Promise.race([
      told.then((line) => (JSON.parse(line) as { api: string }).api),
      ended.then((why) => Promise.reject(cannot(`start: ${why}`, lastWords))),
      clock
        .delay(READY_WITHIN_MS, AbortSignal.any([signal, over.signal]))
        .then(() => Promise.reject(cannot(`start: nothing heard of it for ${READY_WITHIN_MS} ms`, lastWords))),
    ]);
    return { api, pid, ended, addProxy: (link) => addProxy(api, link, claims), stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    over.abort();
  }
}

async function addProxy(api: string, link: ProxiedLink, claims: PortClaims[]): Promise<{ host: string; port: number }> {
  const { name, upstreamHost, upstreamPort } = link;
  let { listenPort } = link;
  if (listenPort === undefined) {
    const claim = await claimPorts(1);
    claims.push(claim);
    await claim.letGo();
    listenPort = claim.ports[0] ?? 0;
  }
  const response = await fetch(`${api}/proxies`, {
    method: 'POST',
    body: JSON.stringify({ name, listen: `${HOST}:${listenPort}`, upstream: `${upstreamHost}:${upstreamPort}` }),
    signal: AbortSignal.timeout(CALL_WITHIN_MS),
  }).catch((cause: unknown) => {
    throw new TestcardError('STEP_INCONCLUSIVE', `the link proxy does not answer at ${api}`, { cause });
  });
  const body = (await response.json()) as { error?: string };
  if (!response.ok) {
    const message = `the link proxy cannot open ${name} on port ${listenPort}: ${body.error}`;
    throw new TestcardError(body.error?.includes('EADDRINUSE') ? 'PORT_TAKEN' : 'STEP_INCONCLUSIVE', message);
  }
  return { host: HOST, port: listenPort };
}

function cannot(what: string, hint?: string): TestcardError {
  return new TestcardError('STEP_INCONCLUSIVE', `the link proxy cannot ${what}`, hint ? { hint } : {});
}
