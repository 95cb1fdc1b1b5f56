// How long faults of a link take: from being asked for to being in force, to being proven, and from the revert to its proof.
//
//   node harness/bench/link-faults.ts [rounds]
//
// The link carries a message every 50 ms. Exit 1 when a median injection takes over 20 ms, or asking and injecting over 50 ms.

import { connect, createServer } from 'node:net';
import { systemClock } from '../src/base/clock.ts';
import { poll } from '../src/base/poll.ts';
import { linkFaults } from '../src/faults/link/index.ts';
import type { FaultPorts, Link } from '../src/model/faults.ts';
import { startLinkProxy } from '../src/runtime/embedded/link-proxy/start-link-proxy.ts';
import { processGuard } from '../src/runtime/ownership/guard.ts';
import { ownFromHere } from '../src/runtime/ownership/owner.ts';

const BAR_INJECT_MS = 20;
const BAR_LANDED_MS = 50;
const [rounds = '5'] = process.argv.slice(2);
const between: [string, string] = ['client', 'server'];
const INPUTS: Record<string, object> = {
  'network.latency': { between, latencyMs: 100, jitterMs: 0 },
  'network.cut': { between },
  'network.reset': { between },
  'network.wedge': { between },
  'network.slow-close': { between, delayMs: 100 },
};

ownFromHere();
const { signal } = new AbortController();
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const upstream = { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
const proxy = await startLinkProxy({ guard: processGuard(), clock: systemClock, signal });
const listen = await proxy.addProxy({ name: 'link', upstreamHost: upstream.host, upstreamPort: upstream.port });
const link: Link = {
  ...{ name: 'client → server:80', client: 'client', server: 'server', port: 80, listen, upstream },
  proxy: { api: proxy.api, name: 'link' },
};
const some: Partial<FaultPorts> = { clock: systemClock, links: { between: () => [link] } };
const ports = some as FaultPorts;

let stopped = false;
/** A client that comes back whenever its connection is gone. */
function keepTalking(): void {
  const socket = connect({ ...listen, noDelay: true }).resume();
  const timer = setInterval(() => socket.write('message'), 50);
  socket.on('error', () => {});
  socket.once('close', () => {
    clearInterval(timer);
    if (!stopped) setTimeout(keepTalking, 20);
  });
  if (stopped) socket.destroy();
}
keepTalking();

const until = (look: () => Promise<boolean>) =>
  poll(async () => ((await look()) ? { done: true, value: true } : { done: false }), {
    ...{ withinMs: 5_000, clock: systemClock, everyMs: 10 },
  });
const isInUse = async () => {
  const text = await (await fetch(`${proxy.api}/metrics`)).text();
  return (
    /connections\{proxy="link"\} 1/.test(text) && /received_bytes_total\{direction="upstream".*\} [1-9]/.test(text)
  );
};
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

let isSlow = false;
try {
  for (const kind of linkFaults.filter(({ key }) => key in INPUTS)) {
    const times: Record<string, number[]> = { prepare: [], inject: [], prove: [], revert: [] };
    for (let round = 0; round < Number(rounds); round += 1) {
      await until(isInUse);
      let at = performance.now();
      const lap = (name: string) => {
        const now = performance.now();
        times[name]?.push(now - at);
        at = now;
      };
      const record = await kind.prepare(INPUTS[kind.key], ports, signal);
      lap('prepare');
      await kind.inject(record, ports, signal);
      lap('inject');
      const proven = await until(async () => (await kind.prove(record, ports, signal)).holds);
      lap('prove');
      await kind.revert?.(record, ports, signal);
      const reverted = await until(async () => (await kind.proveReverted?.(record, ports, signal))?.holds ?? true);
      lap('revert');
      if (!proven.ok || !reverted.ok) throw new Error(`${kind.key} was not ${proven.ok ? 'reverted' : 'proven'}`);
    }
    const [prepare, inject, prove, revert] = Object.values(times).map(median);
    console.log(
      `${kind.key.padEnd(20)} looked at ${prepare?.toFixed(1)} ms, injected ${inject?.toFixed(1)} ms, proven ${prove?.toFixed(0)} ms, reverted and proven ${revert?.toFixed(0)} ms`,
    );
    isSlow ||= (inject ?? 0) > BAR_INJECT_MS || (prepare ?? 0) + (inject ?? 0) > BAR_LANDED_MS;
  }
  process.exitCode = isSlow ? 1 : 0;
} finally {
  stopped = true;
  await proxy.stop();
  server.close();
}
process.exit();
