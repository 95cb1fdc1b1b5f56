import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What belongs to the pipelines of this repository: their services, and what those call their metrics. */
function pipelineWords(): string[] {
  const services = globSync('compose/*/compose.yaml', { cwd: ROOT }).flatMap((file) => {
    const { services } = parse(readFileSync(join(ROOT, file), 'utf8')) as { services: Record<string, unknown> };
    return Object.keys(services);
  });
  const metrics = globSync('services/*/src/**/metrics.ts', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/'((?:worker|sts)_[a-z_]+)'/g)].map(([, name = '']) => name),
  );
  return [...services, ...metrics];
}

it('the harness names no pipeline: neither services nor metrics of one', () => {
  const words = pipelineWords();
  expect(words.length).toBeGreaterThan(5);
  // Examples in `--help` are meant to work as they stand here; tests may use what they like.
  const files = globSync('harness/src/**/*.ts', { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|\/testing\/|\/cli\//.test(file),
  );
  expect(files.length).toBeGreaterThan(100);
  const named = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return words.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
  });
  expect(named).toEqual([]);
});
