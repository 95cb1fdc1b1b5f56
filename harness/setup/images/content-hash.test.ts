import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentHash, copiedPaths } from './content-hash.ts';

const DOCKERFILE = `ARG BASE_IMAGE=debian:bookworm-slim
FROM \${BASE_IMAGE} AS made
COPY package.json package-lock.json ./
FROM made
ARG SERVICE
COPY --from=made /app/ /app/
COPY --chown=1000 services/\${SERVICE}/src/ \\
  /app/
`;

test('what an image copies from its context is read off its Dockerfile, stages and flags aside', () => {
  expect(copiedPaths(DOCKERFILE, { SERVICE: 'web' })).toEqual([
    'package.json',
    'package-lock.json',
    'services/web/src/',
  ]);
});

describe('the hash of an image', () => {
  let context: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    writeFileSync(join(context, path), text);
  };
  const hash = (args: Record<string, string> = { SERVICE: 'web' }) =>
    contentHash({ name: 'web:dev', context, dockerfile: join(context, 'Dockerfile'), args });
  beforeEach(() => {
    context = mkdtempSync(join(tmpdir(), 'content-hash-'));
    write('Dockerfile', DOCKERFILE);
    write('package.json', '{}');
    write('services/web/src/deep/main.ts', 'one');
  });
  afterEach(() => rmSync(context, { recursive: true }));

  test('stays when nothing that is copied changes', () => {
    const before = hash();
    write('services/web/test/main.test.ts', 'not in the image');
    write('services/other/src/main.ts', 'another image');
    expect(hash()).toBe(before);
  });

  test.each([
    ['a source far below', () => write('services/web/src/deep/main.ts', 'two')],
    ['a new source', () => write('services/web/src/other.ts', '')],
    ['the list of packages', () => write('package.json', '{ }')],
    ['the Dockerfile', () => write('Dockerfile', `${DOCKERFILE}USER 1\n`)],
  ])('changes with %s', (_, change) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  test('changes with an argument, and not with the order of arguments', () => {
    expect(hash({ SERVICE: 'web', TOOLS: 'none' })).not.toBe(hash({ SERVICE: 'web', TOOLS: 'ffmpeg' }));
    expect(hash({ SERVICE: 'web', TOOLS: 'none' })).toBe(hash({ TOOLS: 'none', SERVICE: 'web' }));
  });
});
