// The `docker` program as a builder of images uses it: questions with short answers.

import { execa } from 'execa';
import { TestcardError } from '../../src/model/errors.ts';

/** Set on every image that is built here: a hash of all that it was made of. */
export const CONTENT_LABEL = 'io.testcard.content';

export interface LocalImage {
  id: string;
  sizeBytes: number;
  /** The hash that it was built for here; undefined when it was pulled or built by hand. */
  content: string | undefined;
  user: string;
  hasHealthCheck: boolean;
}

export interface EngineFacts {
  version: string;
  /** In Go's words, as Docker says it: amd64, arm64. */
  arch: string;
}

/** Throws ENGINE_MISSING when no engine answers, with what to do. */
export async function askEngine(): Promise<EngineFacts> {
  const result = await execa('docker', ['version', '--format', '{{.Server.Version}} {{.Server.Arch}}'], {
    reject: false,
    timeout: 15_000,
  });
  const [version, arch] = String(result.stdout ?? '').split(' ');
  if (result.exitCode === 0 && version && arch) return { version, arch };
  if (result.code === 'ENOENT') {
    throw new TestcardError('ENGINE_MISSING', 'docker is not on PATH', {
      hint: 'install Docker Engine with the Compose plugin; on a bare Debian as root: .ci/docker-engine',
    });
  }
  const why = lastLine(result.stderr) ?? 'it did not answer within 15 s';
  throw new TestcardError('ENGINE_MISSING', `no Docker engine answers: ${why}`, {
    hint: 'start it, or set DOCKER_HOST; on a bare Debian as root: .ci/docker-engine',
  });
}

/** What the engine has of `names`, one question for all. */
export async function inspectImages(names: readonly string[]): Promise<Map<string, LocalImage>> {
  const found = new Map<string, LocalImage>();
  if (names.length === 0) return found;
  // Images that are not there make it exit 1, and the others are printed all the same, in the order asked for.
  const format = '{{json .RepoTags}}\t{{.Id}}\t{{.Size}}\t{{json .Config}}';
  const { stdout } = await execa('docker', ['image', 'inspect', '--format', format, ...names], { reject: false });
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [tags = '[]', id = '', size = '0', json = '{}'] = line.split('\t');
    const config = JSON.parse(json) as { Labels?: Record<string, string> | null; User?: string; Healthcheck?: object };
    const image: LocalImage = {
      id,
      sizeBytes: Number(size),
      content: config.Labels?.[CONTENT_LABEL],
      user: config.User ?? '',
      hasHealthCheck: config.Healthcheck !== undefined,
    };
    for (const tag of JSON.parse(tags) as string[]) found.set(tag, image);
  }
  return found;
}

/** Pulls an image; returns why that was not possible, or undefined. */
export async function pullImage(name: string): Promise<string | undefined> {
  const result = await execa('docker', ['pull', '--quiet', name], { reject: false, timeout: 600_000 });
  return result.exitCode === 0 ? undefined : (lastLine(result.stderr) ?? 'no answer within 10 minutes');
}

function lastLine(text: unknown): string | undefined {
  return String(text ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .at(-1);
}
