// A real pipeline for tests: relay, worker, ffmpeg publishers and recorders as processes, and an STS that the test scripts.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server, type Socket } from 'socket.io';

const SERVICES = fileURLToPath(new URL('../..', import.meta.url));

export type LogLine = Record<string, unknown> & { level: string; msg: string; timestamp: number };

/** Bounded wait for something to come true. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== 0) return found;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Process {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  exitCode: number | null | undefined;
  output = '';

  constructor(file: string, args: string[], env: Record<string, string> = {}) {
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.exitCode = code;
        resolve(code);
      });
    });
  }

  get running(): boolean {
    return this.exitCode === undefined;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.running) this.child.kill(signal);
  }
}

export class Worker extends Process {
  readonly url: string;

  constructor(port: number, env: Record<string, string>) {
    super(process.execPath, [join(SERVICES, 'media-service/src/main.ts')], { METRICS_PORT: String(port), ...env });
    this.url = `http://127.0.0.1:${port}`;
  }

  get log(): LogLine[] {
    return this.output.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
  }

  logged(msg: string, where: Record<string, unknown> = {}): LogLine[] {
    return this.log.filter(
      (line) => line.msg === msg && Object.entries(where).every(([key, value]) => line[key] === value),
    );
  }

  /** The sample whose line starts with `name` (labels included). */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no metric ${name}`);
    return Number(line.slice(name.length));
  }
}

export interface Fragment {
  fragment_id: string;
  stream_id: string;
  sequence_number: number;
  timestamp: number;
  audio: { format: string; sample_rate_hz: number; channels: number; duration_ms: number; data_base64: string };
}

export interface Received {
  /** 0 for the first connection, 1 for the next … */
  session: number;
  event: string;
  payload: Record<string, unknown>;
  at: number;
}

/** What the STS does with the n-th fragment since it was started (from 0). */
export type Script = (fragment: Fragment, n: number, socket: Socket) => void;

export const echo: Script = (fragment, _n, socket) => {
  socket.emit('fragment:ack', { fragment_id: fragment.fragment_id, status: 'queued', timestamp: Date.now() });
  socket.emit('fragment:processed', answerTo(fragment, { status: 'success', dubbed_audio: fragment.audio }));
};

export function answerTo(fragment: Fragment, answer: Record<string, unknown>): Record<string, unknown> {
  const { fragment_id, stream_id, sequence_number } = fragment;
  return {
    fragment_id,
    stream_id,
    sequence_number,
    transcript: '',
    translated_text: '',
    processing_time_ms: 1,
    ...answer,
  };
}

export function failure(fragment: Fragment, code: string, retryable: boolean): Record<string, unknown> {
  return answerTo(fragment, { status: 'failed', error: { code, message: code, stage: 'asr', retryable } });
}

export class ScriptedSts {
  readonly received: Received[] = [];
  readonly #http: HttpServer = createServer();
  readonly #io: Server;
  #script: Script;
  #sessions = 0;
  #fragments = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#io = new Server(this.#http, {
      path: '/ws/sts',
      transports: ['websocket'],
      maxHttpBufferSize: 50 * 1024 * 1024,
    });
    this.#io.on('connection', (socket) => this.#serve(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get fragments(): Fragment[] {
    return this.of('fragment:data').map(({ payload }) => payload as unknown as Fragment);
  }

  of(event: string): Received[] {
    return this.received.filter((received) => received.event === event);
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  disconnectAll(): void {
    this.#io.disconnectSockets(true);
  }

  emit(event: string, payload: unknown): void {
    this.#io.emit(event, payload);
  }

  #serve(socket: Socket): void {
    const session = this.#sessions;
    this.#sessions += 1;
    const headers = {
      stream: socket.handshake.headers['x-stream-id'],
      worker: socket.handshake.headers['x-worker-id'],
    };
    this.received.push({ session, event: 'connection', payload: headers, at: Date.now() });
    socket.onAny((event: string, payload: Record<string, unknown>) => {
      this.received.push({ session, event, payload, at: Date.now() });
      if (event === 'stream:init') {
        socket.emit('stream:ready', {
          stream_id: payload.stream_id,
          session_id: `s${session}`,
          max_inflight: 3,
          capabilities: {},
        });
      } else if (event === 'fragment:data') {
        this.#fragments += 1;
        this.#script(payload as unknown as Fragment, this.#fragments - 1, socket);
      } else if (event === 'stream:end') {
        socket.emit('stream:complete', { stream_id: payload.stream_id, total_fragments: this.#fragments });
      }
    });
  }
}

export class Pipeline {
  readonly folder: string;
  readonly relay: Process;
  readonly worker: Worker;
  readonly sts: ScriptedSts;
  readonly source: string;
  readonly output: string;
  /** Where the relay takes faults of media. */
  readonly faults: string;
  readonly #processes: Process[] = [];

  private constructor(
    folder: string,
    relay: Process,
    worker: Worker,
    sts: ScriptedSts,
    source: string,
    output: string,
    faults: string,
  ) {
    this.folder = folder;
    this.relay = relay;
    this.worker = worker;
    this.sts = sts;
    this.source = source;
    this.output = output;
    this.faults = faults;
    this.#processes.push(worker, relay);
  }

  static async start(script: Script, env: Record<string, string> = {}): Promise<Pipeline> {
    const [rtsp, rtmp, api, metrics] = await freePorts(4);
    const sts = new ScriptedSts(script);
    await sts.start();
    const relay = new Process(process.execPath, [join(SERVICES, 'media-relay/src/main.ts')], {
      RTSP_PORT: String(rtsp),
      RTMP_PORT: String(rtmp),
      API_PORT: String(api),
    });
    await until('relay ready', 10_000, () => answers(`http://127.0.0.1:${api}/v3/paths/list`));
    const source = `rtsp://127.0.0.1:${rtsp}/live/test/in`;
    const output = `rtmp://127.0.0.1:${rtmp}/live/test/out`;
    const worker = new Worker(Number(metrics), {
      RTSP_URL: source,
      RTMP_URL: output,
      STS_URL: sts.url,
      SOURCE_RETRY_LIMIT: 'unlimited',
      ...env,
    });
    await until('worker healthy', 10_000, () => answers(`${worker.url}/health`));
    const folder = await mkdtemp(join(tmpdir(), 'media-service-test-'));
    return new Pipeline(folder, relay, worker, sts, source, output, `http://127.0.0.1:${api}/v3/faults`);
  }

  publish(file: string, extra: string[] = []): Process {
    return this.#ffmpeg([
      '-re',
      '-i',
      file,
      ...extra,
      '-c',
      'copy',
      '-rtsp_transport',
      'tcp',
      '-f',
      'rtsp',
      this.source,
    ]);
  }

  /** The relay lets it wait for the output to appear; it ends when the output does. */
  record(name: string): { process: Process; file: string } {
    const file = join(this.folder, name);
    const process = this.#ffmpeg([
      '-copyts',
      '-i',
      this.output,
      '-c',
      'copy',
      '-flvflags',
      'no_duration_filesize',
      '-f',
      'flv',
      file,
    ]);
    return { process, file };
  }

  #ffmpeg(args: string[]): Process {
    const started = new Process('ffmpeg', ['-v', 'error', '-nostdin', ...args]);
    this.#processes.push(started);
    return started;
  }

  async stop(): Promise<void> {
    for (const started of this.#processes) started.kill();
    await Promise.all(this.#processes.map(({ exited }) => exited));
    await this.sts.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function answers(url: string): Promise<true | undefined> {
  try {
    return (await fetch(url)).ok || undefined;
  } catch {
    return undefined;
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Ids of live processes whose parent is `pid`. */
export async function childrenOf(pid: number | undefined): Promise<number[]> {
  const children: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) === pid && state !== 'Z') children.push(Number(entry));
  }
  return children;
}

/** A zombie, whose new parent has not asked for its exit code yet, is dead. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  return state !== '' && state !== 'Z' && state !== 'X';
}

export async function living(pids: readonly number[]): Promise<number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}

export function run(file: string, args: string[]): Promise<{ stdout: Buffer; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { encoding: 'buffer', maxBuffer: 512 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(error);
      else resolve({ stdout, stderr: stderr.toString() });
    });
  });
}
