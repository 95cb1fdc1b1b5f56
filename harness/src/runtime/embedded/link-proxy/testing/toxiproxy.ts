// The real Toxiproxy, for tests that hold Testcard's own proxy to it.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { processGuard } from '../../../ownership/guard.ts';
import { until } from './peers.ts';

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
