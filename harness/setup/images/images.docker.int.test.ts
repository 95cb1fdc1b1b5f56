// What the made images are like. Needs an engine with the images on it: `npm run images`.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { askEngine, inspectImages } from './docker.ts';
import { megabytes } from './make-images.ts';
import { isBuilt, wantedImages } from './wanted-images.ts';

const root = join(import.meta.dirname, '../../..');
const wanted = await askEngine().then(
  () => wantedImages(root),
  () => [],
);
const there = await inspectImages(wanted.map(({ name }) => name));
const SERVICES = ['echo-sts', 'media-service', 'media-relay'].map((service) => `testcard/${service}:dev`);
const isReady = SERVICES.every((name) => there.has(name)) && there.has('testcard/tools:dev');

const inside = (image: string, script: string) =>
  execFileSync(
    'docker',
    ['run', '--rm', '--network', 'none', '--user', '0', '--entrypoint', 'bash', image, '-c', script],
    {
      encoding: 'utf8',
    },
  );

describe.skipIf(!isReady)('the images of the services', () => {
  test.each(SERVICES)('%s runs as nobody in particular, and says itself whether it is ready', (name) => {
    const image = there.get(name);
    console.log(`${name}: ${megabytes(image)}`);
    expect(image).toMatchObject({ user: '1000:1000', hasHealthCheck: true });
    expect(image?.sizeBytes).toBeLessThan(600e6);
  });

  test.each(SERVICES)('%s holds nothing that only a build needs', (name) => {
    const found = inside(
      name,
      `for program in npm npx yarn corepack gcc cc g++ make python3 git tsc vitest; do command -v $program; done
      ls -d /usr/local/lib/node_modules /app/node_modules/{typescript,vitest,@biomejs,node,testcard} /app/services/*/test 2>/dev/null
      true`,
    );
    expect(found).toBe('');
  });

  test.each(SERVICES)('%s has ffmpeg exactly when its service calls it', (name) => {
    const needs = name !== 'testcard/media-relay:dev';
    expect(inside(name, 'ffmpeg -version 2>&1 && ffprobe -version 2>&1 || true')).toMatch(
      needs ? /^ffmpeg version/ : /not found/,
    );
  });

  test('those with ffmpeg share the layer that holds it', async ({ skip }) => {
    const layers = async (name: string) =>
      JSON.parse(
        (await execa('docker', ['image', 'inspect', '--format', '{{json .RootFS.Layers}}', name])).stdout,
      ) as string[];
    const [one = [], two = []] = await Promise.all(['testcard/echo-sts:dev', 'testcard/media-service:dev'].map(layers));
    skip(one[0] !== two[0], 'one of them was made again by itself, on a newer base');
    const shared = one.filter((layer) => two.includes(layer));
    // All but each service's own packages and sources (and the folders that Docker makes for them).
    expect(one.length - shared.length).toBeLessThanOrEqual(3);
  });

  test.each([
    ['http://127.0.0.1:9000/health', 'exit 0'],
    ['http://127.0.0.1:9000/other', '503'],
    ['http://127.0.0.1:9001/health', 'exit 1'],
    ['nonsense', 'no http://host:port/path'],
  ])('the health check of %s comes to: %s', (url, outcome) => {
    const server = `require('http').createServer((request, response) => {
      response.statusCode = request.url === '/health' ? 200 : 503;
      response.end();
    }).listen(9000, () => console.log('up'))`;
    const script = `exec 5< <(exec node -e "${server}"); server=$!; read -r up <&5; HEALTH_URL=${url} health 2>&1; echo "exit $?"; kill $server`;
    const said = inside('testcard/echo-sts:dev', script);
    expect(said).toContain(outcome);
    expect(said).toContain(outcome === 'exit 0' ? 'exit 0' : 'exit 1');
  });

  test('the tools can do what kernel faults ask of them', () => {
    expect(
      inside(
        'testcard/tools:dev',
        'ip -V && tc -V && iptables --version && python3 -c "import heapq, json, random, select, socket, struct"',
      ),
    ).toMatch(/iproute2[\s\S]*iptables/);
  });
});

describe.skipIf(!isReady || wanted.some(({ name }) => !there.has(name)))('npm run images', () => {
  test('does nothing, quickly, when nothing changed, and says so', async () => {
    const run = () => execa('node', ['harness/setup/images/main.ts'], { cwd: root });
    await run(); // a source may have changed since
    const startedAt = performance.now();
    const { stdout } = await run();
    expect(stdout).toBe(`images: ${wanted.length} of ${wanted.length} up to date`);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  }, 600_000);

  test('lists what is there', async () => {
    const { stdout } = await execa('node', ['harness/setup/images/main.ts', '--list', 'tools'], { cwd: root });
    expect(stdout).toMatch(/testcard\/tools:dev .* \d+ MB/);
    expect(stdout).not.toContain('echo-sts');
  });

  test('an image that nobody names is a mistake of usage, with those there are', async () => {
    const { exitCode, stderr } = await execa('node', ['harness/setup/images/main.ts', 'nonsense'], {
      cwd: root,
      reject: false,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^images: no image is called nonsense; there are .*testcard\/echo-sts:dev/);
  });

  test('without an engine it says in one line what to do', async () => {
    const { exitCode, stderr } = await execa('node', ['harness/setup/images/main.ts'], {
      cwd: root,
      reject: false,
      env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
    });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^images: no Docker engine answers: .*; start it, or set DOCKER_HOST[^\n]*$/);
  });
});

test.runIf(wanted.length > 0)('every image that is built here is one of ours, and every other is pinned', () => {
  for (const image of wanted) {
    if (isBuilt(image)) expect(image.name).toMatch(/^testcard\/[\w-]+:dev$/);
    else expect(image.name).toMatch(/:\d+\.\d+\.\d+$/);
  }
});
