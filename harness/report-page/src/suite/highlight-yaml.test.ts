import { describe, expect, it } from 'vitest';
import { highlightYaml } from './highlight-yaml.ts';

const kinds = (line: string) =>
  highlightYaml(line)
    .filter(({ kind }) => kind !== 'text' && kind !== 'mark')
    .map(({ kind, text }) => `${kind} ${text}`);

describe('highlightYaml', () => {
  it.each([
    ['  - log: { of: worker, where: { level: [error] } }', ['key log', 'key of', 'key where', 'key level']],
    ['timeout: 90s # long', ['key timeout', 'number 90s', 'comment # long']],
    ['from: "${output}"', ['key from', 'string "${output}"']],
    ['msg: /ingest started/', ['key msg', 'string /ingest started/']],
    ['url: rtsp://relay:8554/live', ['key url']],
    ['at-most: 3', ['key at-most', 'number 3']],
  ])('colours %s', (line, expected) => {
    expect(kinds(line)).toEqual(expected);
  });

  it('loses no character', () => {
    const line = `    - metric: a_total{x="y"}  # it's "odd" & <b>`;
    expect(
      highlightYaml(line)
        .map(({ text }) => text)
        .join(''),
    ).toBe(line);
  });
});
