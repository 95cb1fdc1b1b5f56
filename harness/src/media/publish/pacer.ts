// The program that stands between FFmpeg and an RTSP server for one connection and lets each packet go when it is due. A process of its own,
// so that nothing else that Testcard does delays a packet.
//
//   node pacer.ts <host> <port>
//
// Says `{"port":…}` once it is connected to the server: where FFmpeg finds it on loopback, for one connection; or `{"problem":…}`. When its
// standard input ends, it sends what is left and ends.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describeConnectError } from '../ffmpeg/await-port.ts';
import { RtpPacing } from './rtp-pacing.ts';
import { rtspParts } from './rtsp-parts.ts';

interface Waiting {
  bytes: Buffer;
  dueMs: number;
}

/** Once FFmpeg has ended, a server that neither takes what is left nor closes the connection is left. */
const IDLE_MS = 1_000;
/** Ten seconds at 13 Mbit/s; no packet waits longer than that. With more, FFmpeg has to wait. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

const [host = '', port = ''] = process.argv.slice(2);
const say = (words: object): void => void process.stdout.write(`${JSON.stringify(words)}\n`);

const server = connect({ host, port: Number(port), noDelay: true });
const problem = await once(server, 'connect').then(
  () => undefined,
  (error: NodeJS.ErrnoException) => describeConnectError(error, `${host}:${port}`),
);
if (problem === undefined) await standBetween();
else say({ problem });

async function standBetween(): Promise<void> {
  server.on('error', () => {}); // its `close` follows, and says it to FFmpeg
  const door = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  door.once('connection', (client) => {
    door.close();
    passOn(client, server);
  });
  process.stdin.resume().once('end', () => {
    if (door.listening) server.destroy(); // FFmpeg never came
    door.close();
    server.setTimeout(IDLE_MS, () => server.destroy());
  });
  server.once('close', () => {
    door.close();
    process.stdin.destroy();
  });
  say({ port: (door.address() as AddressInfo).port });
}

function passOn(client: Socket, server: Socket): void {
  const pacing = new RtpPacing();
  const read = rtspParts();
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const letGo = () => {
    clearTimeout(timer);
    timer = undefined;
    const nowMs = performance.now();
    const firstLeft = waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    server.cork();
    for (const { bytes } of waiting.splice(0, firstLeft < 0 ? waiting.length : firstLeft)) {
      server.write(bytes);
      waitingBytes -= bytes.length;
    }
    server.uncork();
    if (server.writableNeedDrain || waitingBytes > MOST_WAITING_BYTES) client.pause();
    else if (client.isPaused()) client.resume();
    const [next] = waiting;
    if (next) timer = setTimeout(letGo, Math.max(1, next.dueMs - nowMs));
    else if (hasEnded) server.end();
  };
  client.on('data', (chunk) => {
    try {
      for (const part of read(chunk)) {
        insert(waiting, { bytes: part.bytes, dueMs: pacing.dueMs(part, performance.now()) });
        waitingBytes += part.bytes.length;
      }
    } catch (error) {
      client.destroy(error as Error);
      return;
    }
    letGo();
  });
  const end = () => {
    hasEnded = true;
    letGo();
  };
  client.once('end', end);
  client.once('close', end);
  client.on('error', () => {}); // FFmpeg was killed: what it sent before still goes out
  server.on('drain', letGo);
  server.pipe(client);
  server.once('close', (failed) => {
    clearTimeout(timer);
    waiting.length = 0;
    // FFmpeg is to see the same end as if it had the connection itself.
    if (failed) client.resetAndDestroy();
    else client.destroy();
  });
  client.resume();
}

/** Behind all that is due no later: nearly always within the last few. */
function insert(waiting: Waiting[], one: Waiting): void {
  let place = waiting.length;
  while (place > 0 && (waiting[place - 1] as Waiting).dueMs > one.dueMs) place -= 1;
  waiting.splice(place, 0, one);
}
