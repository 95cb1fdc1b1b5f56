// The Docker engine that environments run on: found as Docker's own tools find it, and asked what it is.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { LOCAL_HOST } from '../../environment/address-map.ts';
import { TestcardError } from '../../model/errors.ts';

export interface Engine {
  docker: Docker;
  /** Where it was found: `unix:///var/run/docker.sock`, `tcp://build-1:2376`. What the Docker command line gets as DOCKER_HOST. */
  endpoint: string;
  /** Host on which published ports are reached. */
  host: string;
  /** On this machine, so that ports may be published on 127.0.0.1 alone. */
  isLocal: boolean;
  /** Podman behind Docker's API. */
  isPodman: boolean;
  /** `docker 27.1 (linux 6.1, rootful)`, for reports. */
  title: string;
}

const ANSWER_WITHIN_MS = 5_000;
const CLI_WITHIN_MS = 10_000;

/** Throws ENGINE_MISSING, which says what was tried and what to do. */
export async function connectEngine(signal: AbortSignal): Promise<Engine> {
  const tried: string[] = [];
  for (const endpoint of await endpoints(signal)) {
    signal.throwIfAborted();
    try {
      return await connectTo(endpoint);
    } catch (error) {
      tried.push(`${endpoint}: ${reasonOf(error)}`);
    }
  }
  throw new TestcardError(
    'ENGINE_MISSING',
    `no Docker engine answers${tried.length > 0 ? ` (${tried.join('; ')})` : ''}`,
    {
      hint: hintFor(tried),
    },
  );
}

/** Throws when it does not answer. */
export async function connectTo(endpoint: string): Promise<Engine> {
  const docker = clientOf(endpoint);
  const version = await within(docker.version(), ANSWER_WITHIN_MS);
  const info = await within(docker.info() as Promise<EngineInfo>, ANSWER_WITHIN_MS);
  const isRootless = info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false;
  const isPodman = version.Components?.some(({ Name }: { Name: string }) => /podman/i.test(Name)) ?? false;
  const url = new URL(endpoint);
  const isLocal = url.protocol === 'unix:' || url.protocol === 'npipe:' || isLoopback(url.hostname);
  return {
    docker,
    endpoint,
    host: isLocal ? LOCAL_HOST : url.hostname,
    isLocal,
    isPodman,
    title: `${isPodman ? 'podman' : 'docker'} ${version.Version} (${info.OSType} ${info.KernelVersion}, ${isRootless ? 'rootless' : 'rootful'})`,
  };
}

interface EngineInfo {
  OSType: string;
  KernelVersion: string;
  SecurityOptions?: string[];
}

/** Marks what belongs to this machine on an engine that several share. */
export const ownHost = (): string => hostname();

/** DOCKER_HOST if it is set; else the current context, then the usual sockets of Docker, rootless Docker, Docker Desktop and Podman. */
async function endpoints(signal: AbortSignal): Promise<string[]> {
  const named = process.env.DOCKER_HOST;
  if (named) return [named.includes('://') ? named : `tcp://${named}`];
  const run = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  const sockets = [
    '/var/run/docker.sock',
    join(run, 'docker.sock'),
    join(homedir(), '.docker/run/docker.sock'),
    join(run, 'podman/podman.sock'),
    '/run/podman/podman.sock',
  ];
  const context = await currentContext(signal);
  const found = sockets.filter((path) => existsSync(path)).map((path) => `unix://${path}`);
  return [...new Set([...(context === undefined ? [] : [context]), ...found])];
}

/** Endpoint of the context in use; undefined without a Docker command line, or when it is the default one. */
async function currentContext(signal: AbortSignal): Promise<string | undefined> {
  const isDefault = !process.env.DOCKER_CONTEXT && !existsSync(join(homedir(), '.docker/config.json'));
  if (isDefault) return undefined;
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const options = { timeout: CLI_WITHIN_MS, signal };
  const answer = await promisify(execFile)('docker', args, options).catch(() => undefined);
  return answer?.stdout.trim() || undefined;
}

function clientOf(endpoint: string): Docker {
  const url = new URL(endpoint);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname });
  if (url.protocol === 'npipe:') return new Docker({ socketPath: endpoint.slice('npipe://'.length) });
  if (url.protocol === 'ssh:') {
    return new Docker({
      protocol: 'ssh',
      host: url.hostname,
      port: Number(url.port || 22),
      username: url.username,
      sshOptions: { agent: process.env.SSH_AUTH_SOCK },
    } as Docker.DockerOptions);
  }
  // The client reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH by itself.
  if (endpoint === process.env.DOCKER_HOST || `tcp://${process.env.DOCKER_HOST}` === endpoint) return new Docker();
  return new Docker({ protocol: 'http', host: url.hostname, port: Number(url.port || 2375) });
}

export const hasImage = ({ docker }: Engine, image: string): Promise<boolean> =>
  docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || host.startsWith('127.');

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function reasonOf(error: unknown): string {
  const { code, message, json } = error as { code?: string; message?: string; json?: { message?: string } };
  if (code === 'ENOENT') return 'there is no such socket';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ECONNREFUSED') return 'connection refused';
  return json?.message ?? message ?? String(error);
}

function hintFor(tried: readonly string[]): string {
  if (tried.some((line) => line.includes('permission denied'))) {
    return 'this user may not use its socket: join the group docker, or run a rootless engine';
  }
  return 'start Docker (or Podman with its socket), or say where it is with DOCKER_HOST; --runtime embedded needs none';
}
