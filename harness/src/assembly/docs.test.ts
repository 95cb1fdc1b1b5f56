// Suites shown in the documentation are valid, as they stand there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintSuite, parseSuite } from '../suite/index.ts';
import { registry } from './registries.ts';

const ROOT = join(import.meta.dirname, '../../..');
const known = {
  services: [
    { name: 'mediamtx', ports: [8554, 1935, 9997], hasMetrics: false },
    { name: 'echo-sts', ports: [8080], hasMetrics: false },
    { name: 'media-service', ports: [8000], hasMetrics: true },
  ],
  fixtures: ['half-minute', 'one-minute', 'three-minutes'],
};
const env = { CAMERA_PASSWORD: 'sesame' };

const shown = ['README.md', 'docs/writing-suites.md', 'docs/faults.md', 'docs/reproduce-a-fault.md'].flatMap((page) => {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, text = '']) => {
    const name = /^suite: (.*)$/m.exec(text)?.[1];
    return name === undefined ? [] : [[`${name} in ${page}`, text] as const];
  });
});

// Files that shown suites include; they are shown on the same page.
const shared = readFileSync(join(ROOT, 'docs/writing-suites.md'), 'utf8')
  .split('# shared/always-true.yaml\n')[1]
  ?.split('```')[0];
const resolveInclude = (path: string) => ({
  file: `/docs/${path}`,
  text: path.endsWith('always-true.yaml') ? (shared ?? '') : 'blocks: {}\n',
});

describe('a suite shown in the documentation', () => {
  test('there are some', () => {
    expect(shown.length).toBeGreaterThan(8);
  });

  test.each(shown)('%s', (_name, text) => {
    const { suite, problems } = parseSuite(text, '/docs/shown.suite.yaml', { registry, env, known, resolveInclude });
    expect(problems).toEqual([]);
    expect(suite ? lintSuite(suite) : ['no suite']).toEqual([]);
  });
});
