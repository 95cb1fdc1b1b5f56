// The real Toxiproxy, for tests that hold Testcard's own proxy to it.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { processGuard } from '../../../ownership/guard.ts';
import { until } from './peers.ts';

const IMAGE = 'shopify/toxiproxy:2.12.0';
const CACHE = join(import.meta.dirname, '../../../../../../node_modules/.cache/testcard');

/**
 * Toxiproxy's server program: the one that TESTCARD_TOXIPROXY names, else out of its container image, kept for the next time. Undefined, with
 * one line that counts what is skipped, when there is neither.
 */
export function findToxiproxy(skippedTests: number): string | undefined {
  const found = process.env.TESTCARD_TOXIPROXY || takeOutOfImage();
  if (found === undefined) {
    console.warn(
      `SKIPPED: ${skippedTests} tests against the real Toxiproxy; npm run images, or set TESTCARD_TOXIPROXY to its program`,
    );
  }
  return found;
}

function takeOutOfImage(): string | undefined {
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 }).trim();
  try {
    const id = docker('image', 'inspect', '--format', '{{.Id}}', IMAGE).slice('sha256:'.length, 23);
    mkdirSync(CACHE, { recursive: true });
    const program = join(CACHE, `toxiproxy-${id}`);
    if (existsSync(program)) return program;
    const folder = mkdtempSync(join(CACHE, 'new-'));
    const container = docker('create', IMAGE);
    try {
      docker('cp', `${container}:/toxiproxy`, join(folder, 'toxiproxy'));
      renameSync(join(folder, 'toxiproxy'), program);
      return program;
    } finally {
      docker('rm', container);
      rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    return undefined; // no engine, no image, or another machine's engine
  }
}

/** `program`: its server, as `go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0` makes it. */
export async function startToxiproxy(program: string): Promise<{ api: string; pid: number; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn(program, ['-host', '127.0.0.1', '-port', String(port), '-proxy-metrics'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  const release = processGuard().adopt(pid);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const api = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${api}/version`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(answers, 10_000);
  return {
    ...{ api, pid },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      release();
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
