// Environments as containers of a real engine.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireEnvironment } from '../../environment/index.ts';
import type { StartOptions } from '../../model/environment.ts';
import type { LogLine } from '../../model/ports.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import type { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { createComposeRuntime } from './compose-runtime.ts';
import { PROJECT_LABEL } from './labels.ts';
import { projectsOn } from './remove-project.ts';
import { toolsImage } from './side-containers.ts';
import { sweepEngine } from './sweep-engines.ts';
import { engineHere as engine } from './testing/engine-here.ts';
import { forwardTo } from './testing/forward-to.ts';

// Says its name on both outputs, answers, ends when told to: what services do.
const WEB = `
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print('out of', os.environ.get('NAME', 'web'), flush=True)
print('err of', os.environ.get('NAME', 'web'), file=sys.stderr, flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    if self.path == '/die': os._exit(3)
    self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get('NAME', 'web').encode())
  def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('', 80), Handler).serve_forever()
`;

const image = toolsImage();
const web = (more = '') =>
  `{ image: "${image}", command: [python3, -c, ${JSON.stringify(WEB)}], ports: ["80"], x-testcard: { ready: { http: "http://web:80/" } }${more} }`;

let folder: string;
const up: SupervisedEnvironment[] = [];
const events: TimelineEvent[] = [];
const lines: LogLine[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-runtime-'));
  events.length = 0;
  lines.length = 0;
});
afterEach(async () => {
  await Promise.all(up.splice(0).map((environment) => environment.stop(AbortSignal.timeout(20_000))));
  rmSync(folder, { recursive: true, force: true });
});

const write = (services: string, name = 'tiny') => {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `name: ${name}\nservices:\n${services}\n`);
  return file;
};

async function start(file: string, more: Partial<StartOptions> = {}): Promise<SupervisedEnvironment> {
  const spec = requireEnvironment(file, [], 'compose');
  const environment = await createComposeRuntime().start(spec, {
    overrides: {},
    logFolder: join(folder, 'logs'),
    onLog: (line) => lines.push(line),
    onEvent: (event) => events.push(event),
    signal: AbortSignal.timeout(50_000),
    ...more,
  });
  up.push(environment);
  return environment;
}

const ask = async (environment: SupervisedEnvironment, url = 'http://web:80/') =>
  (await fetch(environment.resolve(url), { signal: AbortSignal.timeout(2_000) })).text();

/** Projects of ours that are on the engine now. */
const projects = async () =>
  (engine ? [...(await projectsOn(engine)).keys()] : []).filter((name) => name.includes('-tiny-'));

const soon = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 10_000, interval: 50 });

describe.skipIf(!engine)('the compose runtime', () => {
  it('runs services where their dependencies are ready first, reached at addresses of this machine, and leaves nothing', async () => {
    const file = write(`  web: ${web()}
  job: { image: "${image}", command: [echo, done], depends_on: { web: { condition: service_healthy } } }
  after: { image: "${image}", command: [sleep, infinity], init: true, depends_on: { job: { condition: service_completed_successfully } } }`);
    const environment = await start(file);
    expect(await ask(environment)).toBe('web');
    expect(environment.resolve('http://web:80/x')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/x$/);
    expect(environment.status('job')).toMatchObject({ state: 'exited', exitCode: 0 });
    const ready = events.findIndex(
      (event) => event.type === 'service' && event.service === 'web' && event.state === 'ready',
    );
    const begun = events.findIndex(
      (event) => event.type === 'service' && event.service === 'after' && event.state === 'running',
    );
    expect(ready).toBeGreaterThan(-1);
    expect(begun).toBeGreaterThan(ready);
    await environment.stop(AbortSignal.timeout(20_000));
    expect(await projects()).toEqual([]);
  });

  it('follows both outputs from the first line on, also over a restart', async () => {
    const environment = await start(write(`  web: ${web()}`));
    await environment.stopService('web', AbortSignal.timeout(10_000));
    await environment.startService('web', AbortSignal.timeout(10_000));
    // Two pipes: which of two lines written one right after the other an engine reads first is not said anywhere.
    const of = (stream: string) => lines.filter((line) => line.stream === stream).map(({ text }) => text);
    await soon(() => {
      expect(of('stdout')).toEqual(['out of web', 'out of web']);
      expect(of('stderr')).toEqual(['err of web', 'err of web']);
    });
    expect(readFileSync(join(folder, 'logs/web.log'), 'utf8')).toContain('out of web');
  });

  it('starts again what died, by its own policy, and by nobody else’s', async () => {
    const environment = await start(
      write(`  web: ${web(', restart: on-failure')}\n  once: ${web().replace('http://web', 'http://once')}`),
    );
    await ask(environment, 'http://web:80/die').catch(() => undefined);
    await soon(() => expect(environment.status('web')).toMatchObject({ state: 'ready', restarts: 1, exitCode: 3 }));
    expect(await ask(environment)).toBe('web');
    environment.kill('once', 'SIGKILL');
    await soon(() =>
      expect(environment.status('once')).toMatchObject({ state: 'exited', signal: 'SIGKILL', isDown: true }),
    );
    await environment.restore(AbortSignal.timeout(20_000));
    expect(environment.status('once').state).toBe('ready');
  });

  it('stops a service where it is and lets it go on', async () => {
    const environment = await start(write(`  web: ${web()}`));
    environment.pause('web');
    await soon(async () =>
      expect(await environment.containers?.inspect('web', AbortSignal.timeout(2_000))).toMatchObject({
        status: 'paused',
      }),
    );
    await expect(fetch(environment.resolve('http://web:80/'), { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    environment.resume('web');
    await soon(async () => expect(await ask(environment)).toBe('web'));
  });

  it('tells a service that dies while starting with its exit code and last words, keeps its log, and leaves nothing', async () => {
    const file = write(`  web: { image: "${image}", command: [sh, -c, "echo bad luck >&2; exit 7"], ports: ["80"] }`);
    await expect(start(file)).rejects.toMatchObject({
      code: 'SERVICE_NOT_READY',
      message: expect.stringContaining('web crashed while starting: exit code 7'),
      hint: expect.stringContaining('bad luck'),
    });
    expect(readFileSync(join(folder, 'logs/web.log'), 'utf8')).toBe('bad luck\n');
    expect(JSON.parse(readFileSync(join(folder, 'logs/containers.json'), 'utf8'))).toMatchObject({
      containers: [{ state: { ExitCode: 7, OOMKilled: false } }],
    });
    expect(await projects()).toEqual([]);
  });

  it('says of one that does not get ready that it is still starting, and what was seen', async () => {
    const file = write(`  web: { image: "${image}", command: [sleep, infinity], init: true, ports: ["80"] }`);
    await expect(start(file, { readyWithinMs: 1_500 })).rejects.toMatchObject({
      code: 'SERVICE_NOT_READY',
      message: expect.stringMatching(/web is not ready after 1\.5 s: still starting \(port 80: nobody listens\)/),
    });
  });

  it('names an image that is not there', async () => {
    const file = write('  web: { image: "testcard-no-such-image:0", ports: ["80"] }');
    await expect(start(file)).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringContaining('testcard-no-such-image'),
    });
    expect(await projects()).toEqual([]);
  });

  it('waits for the engine’s own health check where the file has one', async () => {
    const file = write(
      `  web: { image: "${image}", command: [sh, -c, "sleep 1; touch /tmp/up; sleep 60"], init: true, healthcheck: { test: [CMD, test, -e, /tmp/up], interval: 300ms } }`,
    );
    const environment = await start(file);
    expect(environment.readyAfterMs).toBeGreaterThan(1_000);
    expect(environment.status('web').state).toBe('ready');
  });

  it('runs several side by side on one machine', async () => {
    const file = write(`  web: ${web()}`);
    const environments = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        start(file, {
          logFolder: join(folder, `logs-${n}`),
          overrides: { web: { environment: { NAME: `web ${n}` } } },
        }),
      ),
    );
    expect(await Promise.all(environments.map((environment) => ask(environment)))).toEqual([
      'web 1',
      'web 2',
      'web 3',
      'web 4',
    ]);
    expect((await projects()).length).toBe(4);
  });

  it('sweeps what a killed run left, and nothing of another’s', async () => {
    const file = write(`  web: ${web()}\nvolumes: { kept: {} }`);
    const here = await start(file);
    const script = join(folder, 'run.mjs');
    const at = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
    writeFileSync(
      script,
      `import { createComposeRuntime } from ${at('./compose-runtime.ts')};
import { requireEnvironment } from ${at('../../environment/index.ts')};
const spec = requireEnvironment(${JSON.stringify(file)}, [], 'compose');
await createComposeRuntime().start(spec, { overrides: {}, logFolder: ${JSON.stringify(join(folder, 'logs-2'))}, onLog() {}, onEvent() {}, signal: AbortSignal.timeout(50_000) });
console.log('up');
setInterval(() => {}, 1000);
`,
    );
    const { TESTCARD_OWNER: _mark, ...env } = process.env;
    const other = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], env });
    await new Promise((resolve, reject) => {
      other.stdout.once('data', resolve);
      other.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    expect((await projects()).length).toBe(2);
    const gone = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await gone;
    const swept = engine ? await sweepEngine(engine) : [];
    expect(swept.map(({ line }) => line)).toEqual([
      expect.stringContaining('removed the containers of a killed run (testcard-tiny-'),
    ]);
    expect((await projects()).length).toBe(1);
    expect(await ask(here)).toBe('web');
  });

  it('never touches what bears no label of ours', async () => {
    const stranger = await engine?.docker.createContainer({
      Image: image,
      Cmd: ['true'],
      Labels: { 'io.testcard.owner': '1:0:1' },
    });
    try {
      if (engine) await sweepEngine(engine);
      expect((await stranger?.inspect())?.Config.Labels).not.toHaveProperty(PROJECT_LABEL);
    } finally {
      await stranger?.remove({ force: true });
    }
  });

  it('says that the engine is gone when it is', async () => {
    const socket = join(folder, 'engine.sock');
    const forwarder = await forwardTo(engine?.endpoint ?? '', socket);
    vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
    try {
      const environment = await start(write(`  web: ${web()}`));
      const lost = environment.ownLoss();
      await forwarder.close();
      const goneAt = performance.now();
      await expect(lost).rejects.toMatchObject({
        code: 'SERVICE_LOST',
        message: expect.stringContaining('the engine, docker'),
      });
      up.length = 0;
      await expect(environment.stop(AbortSignal.timeout(10_000))).rejects.toMatchObject({ code: 'CLEANUP_FAILED' });
      // Nobody is waited for who cannot answer any more.
      expect(performance.now() - goneAt).toBeLessThan(8_000);
    } finally {
      vi.unstubAllEnvs();
      if (engine)
        for (const project of await projects())
          await (await import('./remove-project.ts')).removeProject(engine, project);
    }
  });
});
