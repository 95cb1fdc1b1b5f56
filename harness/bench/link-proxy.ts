// What the link proxy costs: throughput and added delay of a proxied connection beside a direct one.
//
//   node harness/bench/link-proxy.ts [megabytes] [round trips]
//
// Exit 1 when a round trip takes over a millisecond longer, or the throughput is under 100 MB/s.

import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../src/base/clock.ts';
import { startLinkProxy } from '../src/runtime/embedded/link-proxy/start-link-proxy.ts';
import { processGuard } from '../src/runtime/ownership/guard.ts';
import { ownFromHere } from '../src/runtime/ownership/owner.ts';

const BAR_MB_PER_S = 100;
const BAR_ADDED_MS = 1;
const [megabytes = '400', rounds = '2000'] = process.argv.slice(2);

ownFromHere();
// Echoes what begins with `e`, and swallows everything else.
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (first) => {
    if (first[0] === 0x65) {
      socket.write(first);
      socket.pipe(socket);
    } else socket.resume();
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const direct = typeof address === 'object' && address !== null ? address.port : 0;
const proxy = await startLinkProxy({ guard: processGuard(), clock: systemClock, signal: AbortSignal.timeout(60_000) });
const { port: proxied } = await proxy.addProxy({ name: 'bench', upstreamHost: '127.0.0.1', upstreamPort: direct });

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

async function megabytesPerSecond(port: number): Promise<number> {
  const socket = await open(port);
  const block = Buffer.alloc(64 * 1024, 0x78);
  const blocks = Number(megabytes) * 16;
  const startedAt = performance.now();
  for (let index = 0; index < blocks; index += 1) {
    if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  // The server closes its half once it has read the end.
  socket.end();
  await new Promise((resolve) => socket.resume().once('close', resolve));
  return (Number(megabytes) * 1.048576 * 1000) / (performance.now() - startedAt);
}

async function roundTripMs(port: number): Promise<number> {
  const socket = await open(port);
  const times: number[] = [];
  for (let index = 0; index < Number(rounds); index += 1) {
    const startedAt = performance.now();
    socket.write('echo');
    await new Promise((resolve) => socket.once('data', resolve));
    times.push(performance.now() - startedAt);
  }
  socket.destroy();
  return median(times.slice(times.length / 4)); // the first quarter warms up
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  const rates = { direct: [] as number[], proxied: [] as number[] };
  const trips = { direct: [] as number[], proxied: [] as number[] };
  for (let round = 0; round < 3; round += 1) {
    rates.direct.push(await megabytesPerSecond(direct));
    rates.proxied.push(await megabytesPerSecond(proxied));
    trips.direct.push(await roundTripMs(direct));
    trips.proxied.push(await roundTripMs(proxied));
  }
  const rate = { direct: median(rates.direct), proxied: median(rates.proxied) };
  const trip = { direct: median(trips.direct), proxied: median(trips.proxied) };
  const addedMs = trip.proxied - trip.direct;
  console.log(
    `throughput   direct ${rate.direct.toFixed(0)} MB/s, proxied ${rate.proxied.toFixed(0)} MB/s (${(rate.proxied / rate.direct).toFixed(2)} of direct)`,
  );
  console.log(
    `round trip   direct ${trip.direct.toFixed(3)} ms, proxied ${trip.proxied.toFixed(3)} ms (${addedMs.toFixed(3)} ms added, median of ${rounds})`,
  );
  process.exitCode = rate.proxied >= BAR_MB_PER_S && addedMs <= BAR_ADDED_MS ? 0 : 1;
} finally {
  await proxy.stop();
  server.close();
}
