// MediaMTX and Toxiproxy built from their Go modules, for machines that reach the Go module proxy but no container registry.

import { cp, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { TestcardError } from '../../src/model/errors.ts';
import { CONTENT_LABEL, type EngineFacts } from './docker.ts';
import { imageFailure, runLong } from './run-long.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

interface GoRecipe {
  module: string;
  /** File in the image → package of the module. */
  programs: Record<string, string>;
  /** Linker flags that the project's own releases are built with. */
  linkerFlags(version: string): string;
  /** Adds to a copy of the module what its repository generates before a build and the module therefore lacks. */
  prepare?(source: string, version: string, folder: string): Promise<void>;
  /** Files of the module that go into the image as they are. */
  files: readonly string[];
  dockerfile: string;
}

const RECIPES: Record<string, GoRecipe> = {
  'bluenviron/mediamtx': {
    module: 'github.com/bluenviron/mediamtx',
    programs: { mediamtx: '.' },
    linkerFlags: () => '-s -w',
    prepare: prepareMediamtx,
    files: ['mediamtx.yml'],
    dockerfile: 'mediamtx.Dockerfile',
  },
  'shopify/toxiproxy': {
    module: 'github.com/Shopify/toxiproxy/v2',
    programs: { toxiproxy: './cmd/server', 'toxiproxy-cli': './cmd/cli' },
    linkerFlags: (version) => `-s -w -X github.com/Shopify/toxiproxy/v2.Version=${version}`,
    files: [],
    dockerfile: 'toxiproxy.Dockerfile',
  },
};

/** `ghcr.io/shopify/toxiproxy:2.12.0` → its recipe and version. */
export function goRecipe(image: string): { recipe: GoRecipe; version: string } | undefined {
  const [, repository = '', version = ''] = /([\w-]+\/[\w-]+):v?(\d+\.\d+\.\d+)$/.exec(image) ?? [];
  const recipe = RECIPES[repository];
  return recipe && { recipe, version };
}

/** Builds `image` by its recipe and gives it that very name. `problem` is why it could not be pulled. */
export async function buildFromGo(
  image: string,
  { engine, problem, say }: { engine: EngineFacts; problem: string; say: (line: string) => void },
): Promise<void> {
  const found = goRecipe(image);
  if (found === undefined) throw imageFailure(`pulling ${image}`, problem);
  const { recipe, version } = found;
  const go = await findGo();
  if (go === undefined) {
    throw imageFailure(
      `pulling ${image}`,
      problem,
      `reach a registry, or install Go ≥ 1.26 to build it from ${recipe.module}`,
    );
  }
  say(`${image}: from its Go module, for no registry answers (a minute or two) …`);
  await inTemporaryFolder(async (folder) => {
    const { Dir: downloaded } = await downloadModule(go, `${recipe.module}@v${version}`);
    let source = downloaded;
    if (recipe.prepare) {
      // The module cache is read-only, and so would its copy be.
      source = join(folder, 'source');
      await cp(downloaded, source, { recursive: true });
      await execa('chmod', ['-R', 'u+w', source]);
      await recipe.prepare(source, version, folder);
    }
    const env = { CGO_ENABLED: '0', GOOS: 'linux', GOARCH: engine.arch, GOWORK: 'off' }; // static: the image holds no libc
    for (const [program, main] of Object.entries(recipe.programs)) {
      const args = [
        'build',
        '-C',
        source,
        '-trimpath',
        '-ldflags',
        recipe.linkerFlags(version),
        '-o',
        join(folder, program),
        main,
      ];
      await runLong(go, args, { what: `building ${program} ${version}`, say, env });
    }
    for (const file of recipe.files) await cp(join(source, file), join(folder, file));
    await writeFile(join(folder, '.dockerignore'), 'source\n');
    const dockerfile = join(import.meta.dirname, '../../../compose/images', recipe.dockerfile);
    const label = `${CONTENT_LABEL}=${recipe.module}@v${version}`;
    await runLong('docker', ['build', '--label', label, '-t', image, '-f', dockerfile, folder], {
      what: `building ${image}`,
      say,
    });
  });
}

async function findGo(): Promise<string | undefined> {
  for (const go of ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go', join(homedir(), 'sdk/go/bin/go')]) {
    if ((await execa(go, ['version'], { reject: false })).exitCode === 0) return go;
  }
  return undefined;
}

async function downloadModule(go: string, module: string): Promise<{ Dir: string }> {
  const result = await execa(go, ['mod', 'download', '-json', module], { reject: false });
  const { Dir, Error: problem } = JSON.parse(result.stdout || '{}') as { Dir?: string; Error?: string };
  if (result.exitCode === 0 && Dir) return { Dir };
  throw new TestcardError(
    'IMAGE_MISSING',
    `no registry answers, and the Go module ${module} cannot be had: ${problem ?? result.stderr}`,
    {
      hint: 'check GOPROXY, or reach a container registry',
    },
  );
}

/** Its version, and the player that its HLS pages embed, of the version that the module names. */
async function prepareMediamtx(source: string, version: string, folder: string): Promise<void> {
  await writeFile(join(source, 'internal/core/VERSION'), `v${version}`);
  const hls = join(source, 'internal/servers/hls');
  const hlsVersion = (await readFile(join(hls, 'hlsjsdownloader/VERSION'), 'utf8')).trim().replace(/^v/, '');
  const packed = await execa('npm', ['pack', '--silent', `hls.js@${hlsVersion}`], {
    cwd: folder,
    reject: false,
    all: true,
  });
  if (packed.exitCode !== 0)
    throw imageFailure(`getting hls.js ${hlsVersion} from npm`, packed.all ?? packed.shortMessage);
  await execa('tar', ['xf', join(folder, `hls.js-${hlsVersion}.tgz`), '-C', folder, 'package/dist/hls.min.js']);
  await cp(join(folder, 'package/dist/hls.min.js'), join(hls, 'hls.min.js'));
}
