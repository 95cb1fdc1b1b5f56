// The Compose plugin of Docker's command line: reads Compose files into one plain model, and makes containers of such a model.

import { execa } from 'execa';
import { TestcardError } from '../../model/errors.ts';
import { type Engine, hasImage } from './engine.ts';

/** A Compose file as `docker compose config` writes it out: variables filled in, other files laid over it, paths absolute. */
export interface ComposeModel {
  name: string;
  services: Record<string, ComposeModelService>;
  networks?: Record<string, ComposeResource | null>;
  volumes?: Record<string, ComposeResource | null>;
  configs?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
}

export interface ComposeModelService {
  image?: string;
  build?: unknown;
  container_name?: string;
  command?: string[] | null;
  environment?: Record<string, string | null>;
  labels?: Record<string, string>;
  networks?: Record<string, unknown>;
  network_mode?: string;
  ports?: { target: number; published?: string; protocol?: string; host_ip?: string; mode?: string }[];
  profiles?: string[];
  restart?: string;
  depends_on?: unknown;
  stop_signal?: string;
  [more: string]: unknown;
}

export interface ComposeResource {
  name?: string;
  external?: boolean;
  labels?: Record<string, string>;
  [more: string]: unknown;
}

const CONFIG_WITHIN_MS = 20_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Throws COMPOSE_INVALID with what Compose says, ENGINE_MISSING without the plugin. */
export async function readModel(
  engine: Engine,
  files: readonly string[],
  projectFolder: string,
  signal: AbortSignal,
): Promise<ComposeModel> {
  const named = files.flatMap((file) => ['-f', file]);
  const args = ['--project-directory', projectFolder, ...named, 'config', '--format', 'json'];
  const text = await compose(engine, args, { signal, timeoutMs: CONFIG_WITHIN_MS });
  return JSON.parse(text) as ComposeModel;
}

/** Networks, volumes and containers of the model, none of them started. Pulls images that are not there; throws IMAGE_MISSING when it cannot. */
export async function createProject(
  engine: Engine,
  project: string,
  model: ComposeModel,
  projectFolder: string,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const args = [
    '--project-directory',
    projectFolder,
    '-p',
    project,
    '-f',
    '-',
    'create',
    '--no-build',
    '--pull',
    'missing',
  ];
  const images = Object.values(model.services).flatMap(({ image }) => image ?? []);
  const there = await Promise.all(images.map((image) => hasImage(engine, image)));
  const missing = [...new Set(images.filter((_, index) => !there[index]))];
  await compose(engine, args, { ...options, input: JSON.stringify(model) }).catch((error: unknown) => {
    if (!(error instanceof TestcardError) || error.code !== 'SERVICE_NOT_READY' || missing.length === 0) throw error;
    const [named = '', ...more] = missing;
    throw new TestcardError(
      'IMAGE_MISSING',
      `image ${named}${more.length > 0 ? ` (and ${more.join(', ')})` : ''} is not on the engine, and cannot be pulled: ${error.message}`,
      {
        hint: 'build it with `docker compose build`, or name another in the Compose file; `testcard doctor` lists them all',
      },
    );
  });
}

async function compose(
  engine: Engine,
  args: readonly string[],
  { signal, timeoutMs, input = '' }: { signal: AbortSignal; timeoutMs: number; input?: string },
): Promise<string> {
  const result = await execa('docker', ['compose', '--ansi', 'never', ...args], {
    input,
    env: { DOCKER_HOST: engine.endpoint, COMPOSE_PROGRESS: 'quiet' },
    cancelSignal: signal,
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT_BYTES,
    reject: false,
  });
  signal.throwIfAborted();
  if (!result.failed) return result.stdout;
  if (result.code === 'ENOENT') {
    throw new TestcardError('ENGINE_MISSING', 'there is no `docker` command', {
      hint: "install Docker's command line with the Compose plugin",
    });
  }
  const said = wordsOf(result.stderr);
  if (/is not a docker command|unknown (?:shorthand )?(?:flag|command)/.test(result.stderr)) {
    throw new TestcardError('ENGINE_MISSING', `the Compose plugin is missing or too old: ${said}`, {
      hint: 'install docker-compose-plugin (Compose 2.20 or newer)',
    });
  }
  if (result.timedOut) {
    throw new TestcardError(
      'SERVICE_NOT_READY',
      `docker compose ${verbOf(args)} took longer than ${timeoutMs} ms: ${said}`,
    );
  }
  throw new TestcardError(
    verbOf(args) === 'config' ? 'COMPOSE_INVALID' : 'SERVICE_NOT_READY',
    `docker compose ${verbOf(args)}: ${said}`,
    {
      detail: { stderr: result.stderr.slice(-4_000) },
    },
  );
}

const verbOf = (args: readonly string[]): string => (args.includes('config') ? 'config' : 'create');

/** Its last line is the error; what stands before is progress. */
function wordsOf(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return (lines.at(-1) ?? 'it said nothing').replace(/^time="[^"]*" level=\w+ msg=/, '').slice(0, 500);
}
