// Runs on containers of a real engine, as their users have them: side by side, with services broken, killed, and bereft of their engine.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { projectsOn, removeProject } from '../runtime/compose/remove-project.ts';
import { toolsImage } from '../runtime/compose/side-containers.ts';
import { engineHere as engine } from '../runtime/compose/testing/engine-here.ts';
import { forwardTo } from '../runtime/compose/testing/forward-to.ts';
import { createProject, type Project } from './testing/project.ts';

/** Answers, counts its answers, and ends when told to. */
const WEB = `
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
count = 0
class Handler(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    global count
    count += 1
    self.send_response(200); self.end_headers()
    self.wfile.write(b'# TYPE asked_total counter\\nasked_total %d\\n' % count)
  def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('', 80), Handler).serve_forever()
`;
/** Takes all of the processor that it can get, until told to end: the first process of a container does not end by itself on a signal. */
const BUSY = `
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True: pass
`;

let project: Project;
beforeEach(() => {
  project = createProject();
  const service = (program: string) => `image: "${toolsImage()}"
    command: [python3, -c, ${JSON.stringify(program)}]`;
  project.write(
    'compose/tiny/compose.yaml',
    `name: tiny
services:
  web:
    ${service(WEB)}
    ports: ["80"]
    x-testcard: { ready: { http: "http://web:80/" }, metrics: "http://web:80/metrics" }
  busy:
    ${service(BUSY)}
    cpus: 0.2
`,
  );
});
afterEach(async () => {
  // What a failed test left; what passed left nothing, as it has seen.
  if (engine) for (const name of await projects()) await removeProject(engine, name);
  project.remove();
});

const suite = (name: string, ...steps: string[]) =>
  project.write(
    `suites/${name}.suite.yaml`,
    `suite: ${name}
priority: P2
environment: tiny
cases:
  - case: on containers
    only-on: { runtime: compose, reason: the images are there only }
    steps:
${steps.map((step) => `      - ${step}\n`).join('')}`,
  );

const READY = 'expect: [{ service: web, state: ready }]';

/** Of this file alone: other runs on this machine are none of its business. */
const projects = async () =>
  (engine ? [...(await projectsOn(engine)).keys()] : []).filter((name) => name.includes('-tiny-'));

const notes = () => readdirSync(project.apart().env.TMPDIR).filter((name) => /^testcard-(faults|engines)-/.test(name));

async function until(what: (event: TimelineEvent) => boolean): Promise<void> {
  const seen = await poll(
    () => {
      const events = project.timeline();
      return events.some(what) ? { done: true, value: true } : { done: false, last: events.at(-1) };
    },
    { withinMs: 40_000, clock: systemClock },
  );
  expect(seen, JSON.stringify(seen)).toMatchObject({ ok: true });
}

describe.skipIf(!engine)('a run on containers', () => {
  it('breaks services as on processes: asked, proven, reverted', async () => {
    suite(
      'a',
      'service: { pause: web, for: 500ms }',
      'expect: [{ service: web, state: paused }]',
      'eventually: { within: 10s, http: "http://web:80/", status: 200, recovers-within: 5s }',
      'service: { kill: web }',
      'expect: [{ service: web, exit-code: 137, state: exited }]',
      'service: { start: web }',
      'eventually: { within: 10s, http: "http://web:80/", status: 200 }',
      'service: { stop: web }',
      'expect: [{ service: web, exit-code: 0, state: stopped }]',
      'service: { start: web }',
      'service: { restart: web }',
      'eventually: { within: 10s, http: "http://web:80/", status: 200 }',
    );
    const { exitCode, output } = await project.cli(['run', '--runtime', 'compose']);
    expect(output).toContain('1 passed, 0 failed, 0 inconclusive');
    expect(exitCode).toBe(0);
    const faults = project.timeline().filter((event) => event.type === 'fault');
    // A restart is a stop whose undoing is part of it.
    expect(faults.filter(({ state }) => state === 'proven').map(({ kind }) => kind)).toEqual([
      ...['service.pause', 'service.kill', 'service.stop', 'service.stop'],
    ]);
    expect(await projects()).toEqual([]);
  });

  it('shares the machine: four suites at a time, five times over, and nothing is left', async () => {
    for (const name of ['a', 'b', 'c', 'd'])
      suite(name, 'request: { url: "http://web:80/" }', '{ expect: [{ metric: asked_total, of: web, at-least: 1 }] }');
    const options = ['--runtime', 'compose', '--parallel', '4', '--repeat', '5'];
    const { exitCode, output } = await project.cli(['run', ...options], { timeout: 170_000 });
    expect(output).toMatch(/20 passed|5 of 5/);
    expect(exitCode).toBe(0);
    expect(await projects()).toEqual([]);
  }, 180_000);

  it.each([
    'service: { pause: web }',
    'network: { on: web, loss: 30% }',
    'network: { on: web, latency: 50ms }',
    'network: { disconnect: web }',
    'limit: { service: busy, cpu: 0.05 }',
    'limit: { service: web, memory: 128MB }',
  ])('that is killed leaves nothing of %s: the next command says so', async (step) => {
    suite('a', step, 'wait: 60s', READY);
    const run = project.start(['run', '--runtime', 'compose'], project.apart());
    await until((event) => event.type === 'fault' && event.state === 'proven');
    run.kill('SIGKILL');
    await run;
    expect(await projects()).toHaveLength(1);
    const { output } = await project.cli(['list'], project.apart());
    expect(output).toMatch(/fault of a killed run: .*: gone with its environment/);
    expect(await projects()).toEqual([]);
    expect(notes()).toEqual([]);
  });

  it('reaches the services of an engine elsewhere where that engine is', async () => {
    suite('a', 'request: { url: "http://web:80/" }', 'expect: [{ metric: asked_total, of: web, at-least: 1 }]');
    // The same engine, by an address of this machine that is not loopback: everything but the distance is as with another machine's.
    const bridge = await engine?.docker.getNetwork('bridge').inspect();
    const host = bridge?.IPAM?.Config?.[0]?.Gateway as string;
    const far = await forwardTo(engine?.endpoint ?? '', { host, port: 0 });
    try {
      const env = { DOCKER_HOST: `tcp://${host}:${far.port}` };
      const { exitCode, output } = await project.cli(['run', '--runtime', 'compose'], project.apart(env));
      expect(output).toContain('1 passed, 0 failed, 0 inconclusive');
      expect(exitCode).toBe(0);
      const [ready] = project.timeline().filter((event) => event.type === 'environment' && event.state === 'ready');
      expect(JSON.stringify(ready)).toContain(host);
      expect(await projects()).toEqual([]);
    } finally {
      await far.close();
    }
  });

  it('whose engine goes is inconclusive, names it, and what it left is removed when the engine is back', async () => {
    suite('a', 'wait: 60s', READY);
    const socket = join(project.folder, 'engine.sock');
    const first = await forwardTo(engine?.endpoint ?? '', socket);
    const run = project.start(['run', '--runtime', 'compose'], project.apart({ DOCKER_HOST: `unix://${socket}` }));
    await until((event) => event.type === 'case-started');
    await first.close();
    const { exitCode, all } = await run;
    expect(String(all)).toMatch(/INCONCLUSIVE .*on containers[\s\S]*the engine, (docker|podman)/);
    expect(exitCode).toBe(3);
    const back = await forwardTo(engine?.endpoint ?? '', socket);
    try {
      await project.cli(['list'], project.apart());
      expect(await projects()).toEqual([]);
    } finally {
      await back.close();
    }
  }, 120_000);
});
