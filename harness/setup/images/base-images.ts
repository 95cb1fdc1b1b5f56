// The images that ours are built on: pulled where a registry answers, otherwise made of Debian's packages and the Node that runs this.

import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { installWithApt } from './apt.ts';
import { type EngineFacts, inspectImages } from './docker.ts';
import type { Registry } from './registry.ts';
import { imageFailure, runLong } from './run-long.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

const DEBIAN = 'debian:bookworm-slim';
const NODE = 'node:24-bookworm-slim';
/** What is made here bears a name of its own: it is not Docker's image. */
const MADE_HERE: Record<string, string> = {
  [DEBIAN]: 'testcard/debian:bookworm-slim',
  [NODE]: 'testcard/node:24-bookworm-slim',
};
const DEBIAN_ARCHITECTURES: Record<string, string> = { amd64: 'amd64', arm64: 'arm64' };
const NODE_ARCHITECTURES: Record<string, string> = { amd64: 'x64', arm64: 'arm64' };

export interface BaseImages {
  /** The name to build on instead of `wanted`, and whether a build on it needs the host's network to reach packages. */
  resolve(wanted: string): Promise<{ name: string; isMadeHere: boolean }>;
}

export function baseImages(
  engine: EngineFacts,
  registry: Registry,
  { isFresh, say }: { isFresh: boolean; say: (line: string) => void },
): BaseImages {
  const resolved = new Map<string, Promise<{ name: string; isMadeHere: boolean }>>();

  async function find(wanted: string) {
    if ((await inspectImages([wanted])).has(wanted)) return { name: wanted, isMadeHere: false };
    const name = MADE_HERE[wanted];
    const isThere = name !== undefined && (await inspectImages([name])).has(name);
    if (name !== undefined && isThere && !isFresh) return { name, isMadeHere: true };
    const problem = await registry.pull(wanted);
    if (problem === undefined) return { name: wanted, isMadeHere: false };
    if (name === undefined) throw imageFailure(`pulling ${wanted}`, problem);
    await (wanted === DEBIAN ? makeDebian(name, problem) : makeNode(name));
    return { name, isMadeHere: true };
  }

  async function makeDebian(name: string, problem: string) {
    const architecture = DEBIAN_ARCHITECTURES[engine.arch];
    if (
      process.platform !== 'linux' ||
      architecture === undefined ||
      NODE_ARCHITECTURES[engine.arch] !== process.arch
    ) {
      throw imageFailure(
        `pulling ${DEBIAN}`,
        problem,
        `without a registry, base images are made on a Debian of the engine's own kind (${engine.arch})`,
      );
    }
    await installWithApt('mmdebstrap', say);
    const startedAt = performance.now();
    say(`${name}: from Debian packages, for no registry answers (about a minute) …`);
    const options = ['/usr/share/man/*', '/usr/share/locale/*', '/usr/share/doc/*', '/usr/share/info/*'].map(
      (path) => `--dpkgopt=path-exclude=${path}`,
    );
    await inTemporaryFolder(async (folder) => {
      const tar = join(folder, 'debian.tar');
      const args = ['--variant=apt', `--architectures=${architecture}`, ...options, 'bookworm', tar];
      await runLong('mmdebstrap', args, { what: `making ${name}`, say });
      const imported = ['import', '--change', 'CMD ["bash"]', tar, name];
      await runLong('docker', imported, { what: `importing ${name}`, say });
    });
    say(`${name}: made in ${seconds(startedAt)}`);
  }

  async function makeNode(name: string) {
    const debian = await api.resolve(DEBIAN);
    say(`${name}: Node ${process.versions.node} onto ${debian.name} …`);
    await inTemporaryFolder(async (folder) => {
      await cp(process.execPath, join(folder, 'node'));
      await cp(await npmFolder(), join(folder, 'npm'), { recursive: true, dereference: true });
      // A machine that trusts further authorities reaches packages only with them; builds on this image must, too.
      await writeFile(join(folder, 'ca-certificates.crt'), await trustedAuthorities());
      const dockerfile = join(import.meta.dirname, '../../../compose/images/node-base.Dockerfile');
      const args = ['build', '--build-arg', `BASE_IMAGE=${debian.name}`, '-t', name, '-f', dockerfile, folder];
      await runLong('docker', args, { what: `building ${name}`, say });
    });
  }

  const api: BaseImages = {
    resolve(wanted) {
      const known = resolved.get(wanted) ?? find(wanted);
      resolved.set(wanted, known);
      return known;
    },
  };
  return api;
}

/** The npm that started this, or the one on PATH. */
async function npmFolder(): Promise<string> {
  const started = process.env.npm_execpath;
  if (started?.endsWith('npm-cli.js')) return dirname(dirname(started));
  const { stdout } = await execa('npm', ['root', '--global']);
  return join(stdout.trim(), 'npm');
}

async function trustedAuthorities(): Promise<string> {
  for (const file of [
    process.env.NODE_EXTRA_CA_CERTS,
    process.env.SSL_CERT_FILE,
    '/etc/ssl/certs/ca-certificates.crt',
  ]) {
    const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return '';
}

const seconds = (startedAt: number) => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
