// A small project in a temporary folder, and the command line run in it as a user would: for whole-harness tests.

import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Options, type ResultPromise } from 'execa';
import { XMLParser } from 'fast-xml-parser';
import type { RunResult } from '../../model/results.ts';
import type { TimelineEvent } from '../../model/timeline.ts';

export const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** A service that is nothing but metrics, health and a log: what runs of it show is the harness's doing alone. */
const COUNTER_SERVICE = `
import { createServer } from 'node:http';
let count = 0;
const log = (fields) => console.log(JSON.stringify(fields));
const server = createServer((request, response) => {
  if (request.url === '/count') { count += 1; log({ msg: 'counted', count }); }
  if (request.url === '/crash') { log({ level: 'fatal', msg: 'crashing' }); process.exit(7); }
  response.setHeader('content-type', request.url === '/json' ? 'application/json' : 'text/plain');
  if (request.url === '/json') response.end(JSON.stringify({ id: 'a1', count }));
  else if (request.url === '/metrics') response.end('# TYPE counted_total counter\\ncounted_total ' + count + '\\n');
  else response.end('ok');
});
server.listen(Number(process.env.PORT_8000), '127.0.0.1', () => log({ msg: 'listening', secret: process.env.TOKEN }));
process.on('SIGTERM', () => process.exit(0));
`;

const COMPOSE = `
name: tiny
services:
  counter:
    image: none
    environment: { TOKEN: "\${TOKEN:-}" }
    ports: ["8000"]
    x-testcard:
      embedded: { run: [node, counter.mjs] }
      ready: { http: "http://counter:8000/health" }
      metrics: "http://counter:8000/metrics"
      logs: json
`;

export const RELAY_COMPOSE = `
name: relay
services:
  relay:
    image: none
    ports: ["8554", "1935", "9997"]
    x-testcard:
      embedded: { run: [node, "${join(REPOSITORY, 'services/media-relay/src/main.ts')}"] }
      ready: { http: "http://relay:9997/v3/paths/list" }
`;

export interface CliResult {
  exitCode: number | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
  /** Both, as on a terminal. */
  output: string;
}

export interface Project {
  folder: string;
  write(path: string, text: string): string;
  /** Runs `testcard …` in the project. */
  cli(args: string[], options?: Options): Promise<CliResult>;
  start(args: string[], options?: Options): ResultPromise;
  /** results.json of the newest run. */
  result(): RunResult;
  /** The parsed JUnit file of the newest run. */
  junit(): JunitFile;
  /** The newest run's folder. */
  runFolder(): string;
  /** What the timeline of the run's only suite holds so far. */
  timeline(): TimelineEvent[];
  /** Any command on this machine undoes what killed runs left: with these options it has a folder for temporary files to itself. */
  apart(env?: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv & { TMPDIR: string } };
  remove(): void;
}

export interface JunitFile {
  testsuites: { tests: string; failures: string; errors: string; testsuite: { name: string; testcase: JunitCase[] }[] };
}

export interface JunitCase {
  name: string;
  failure?: { message: string };
  error?: { message: string; type: string };
  skipped?: unknown;
}

/** As in a user's shell: without what Vitest sets for its own workers and npm for its scripts, and without colour. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|FORCE_COLOR|NODE_ENV|TESTCARD_OWNER|GITHUB_|npm_)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

/** With the environment `tiny` and one suite `suites/works.suite.yaml` unless other files are written. */
export function createProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'testcard-project-'));
  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  write('package.json', '{ "private": true, "workspaces": [] }');
  write('counter.mjs', COUNTER_SERVICE);
  write('compose/tiny/compose.yaml', COMPOSE);
  const start = (args: string[], options: Options = {}) =>
    execa(process.execPath, [MAIN, ...args], {
      cwd: folder,
      reject: false,
      all: true,
      timeout: 90_000,
      ...options,
      extendEnv: false,
      env: { ...plainEnvironment(), ...options.env },
    }) as ResultPromise;
  const runFolder = () => {
    const runs = readdirSync(join(folder, 'reports')).filter((name) => /^\d{4}-/.test(name));
    return join(folder, 'reports', runs.sort().at(-1) ?? 'none');
  };
  return {
    folder,
    write,
    start,
    async cli(args, options) {
      const result = await start(args, options);
      return {
        exitCode: result.exitCode,
        signal: result.signal,
        stdout: String(result.stdout ?? ''),
        stderr: String(result.stderr ?? ''),
        output: String(result.all ?? ''),
      };
    },
    result: () => JSON.parse(readFileSync(join(runFolder(), 'results.json'), 'utf8')) as RunResult,
    junit: () =>
      new XMLParser({
        ignoreAttributes: false,
        attributeNamePrefix: '',
        isArray: (name) => name === 'testsuite' || name === 'testcase',
      }).parse(readFileSync(join(runFolder(), 'junit.xml'), 'utf8')) as JunitFile,
    runFolder,
    timeline() {
      const [file] = globSync('reports/*/suites/*/timeline.ndjson', { cwd: folder });
      if (file === undefined) return [];
      const lines = readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as TimelineEvent);
    },
    apart(env = {}) {
      const TMPDIR = join(folder, 'tmp');
      mkdirSync(TMPDIR, { recursive: true });
      return { env: { ...env, TMPDIR } };
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}
