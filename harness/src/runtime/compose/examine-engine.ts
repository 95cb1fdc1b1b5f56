// What of a Docker engine is there for running environments on it: the engine, the Compose plugin, the images that environments name.

import { dirname, relative } from 'node:path';
import { execa } from 'execa';
import type { EnvironmentSpec } from '../../model/environment.ts';
import { TestcardError, toTestcardError } from '../../model/errors.ts';
import { readModel } from './compose-cli.ts';
import { connectEngine, type Engine, hasImage } from './engine.ts';
import { type EngineFinding, examineKernel } from './examine-kernel.ts';
import { linkProxyImage } from './link-proxy-service.ts';
import { toolsImage } from './side-containers.ts';

const CLI_WITHIN_MS = 10_000;
const LEAST_COMPOSE = [2, 20] as const;

/** One line each; what depends on something that is missing is left out. */
export async function examineEngine(specs: readonly EnvironmentSpec[], signal: AbortSignal): Promise<EngineFinding[]> {
  let engine: Engine;
  try {
    engine = await connectEngine(signal);
  } catch (error) {
    const { message, hint } = toTestcardError(error);
    return [{ name: 'engine', isThere: false, detail: message, remedy: hint }];
  }
  const plugin = await examinePlugin(engine, signal);
  const found: EngineFinding[] = [
    { name: 'engine', isThere: true, detail: `${engine.title} at ${engine.endpoint}` },
    plugin,
  ];
  return plugin.isThere
    ? [...found, ...(await examineImages(engine, specs, signal)), ...(await examineKernel(engine, signal))]
    : found;
}

async function examinePlugin({ endpoint }: Engine, signal: AbortSignal): Promise<EngineFinding> {
  const name = 'compose';
  const remedy = `install Compose ${LEAST_COMPOSE.join('.')} or newer: the package docker-compose-plugin`;
  const { stdout, failed } = await execa('docker', ['compose', 'version', '--short'], {
    env: { DOCKER_HOST: endpoint },
    cancelSignal: signal,
    timeout: CLI_WITHIN_MS,
    reject: false,
  });
  signal.throwIfAborted();
  if (failed) return { name, isThere: false, detail: 'there is no Compose plugin (docker compose)', remedy };
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  const isNew = major > LEAST_COMPOSE[0] || (major === LEAST_COMPOSE[0] && minor >= LEAST_COMPOSE[1]);
  return isNew
    ? { name, isThere: true, detail: stdout.trim() }
    : { name, isThere: false, detail: `${stdout.trim()}, needed ≥ ${LEAST_COMPOSE.join('.')}`, remedy };
}

async function examineImages(
  engine: Engine,
  specs: readonly EnvironmentSpec[],
  signal: AbortSignal,
): Promise<EngineFinding[]> {
  const found: EngineFinding[] = [];
  for (const spec of specs) {
    const missing: string[] = [];
    let hasBuild = false;
    try {
      const model = await readModel(engine, [spec.file], dirname(spec.file), signal);
      const services = Object.entries(model.services);
      for (const [name, { image = `${spec.name}-${name}`, build }] of services) {
        if (await hasImage(engine, image)) continue;
        missing.push(image);
        hasBuild ||= build !== undefined;
      }
      const remedy = `docker compose -f ${relative(process.cwd(), spec.file)} ${hasBuild ? 'build' : 'pull'}`;
      found.push(
        missing.length === 0
          ? { name: `images ${spec.name}`, isThere: true, detail: `${services.length} of ${services.length} there` }
          : { name: `images ${spec.name}`, isThere: false, detail: `not there: ${missing.join(', ')}`, remedy },
      );
    } catch (error) {
      if (!(error instanceof TestcardError)) throw error;
      found.push({ name: `images ${spec.name}`, isThere: false, detail: error.message, remedy: error.hint });
    }
  }
  const own: [string, string, string][] = [
    ['link proxy', linkProxyImage(), 'pull it, or name one in TOXIPROXY_IMAGE: only suites that break links need it'],
    ['tools', toolsImage(), 'build it, or name one in TESTCARD_TOOLS_IMAGE: only faults of the kernel need it'],
  ];
  for (const [name, image, remedy] of own) {
    const isThere = await hasImage(engine, image);
    found.push({ name, isThere, detail: isThere ? image : `${image} is not there`, ...(isThere ? {} : { remedy }) });
  }
  return found;
}
