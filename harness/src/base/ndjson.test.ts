import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNdjson } from './ndjson.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-ndjson-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  n: number;
  bulk?: boolean;
  text?: string;
}

describe('openNdjson', () => {
  const open = () =>
    openNdjson<Entry>(join(folder, 'deep/x.ndjson'), {
      mask: (text) => text.replaceAll('hunter2', '***'),
      mayWait: ({ bulk = false }) => bulk,
    });
  const lines = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const numbers = (path: string) => lines(path).map((line) => (JSON.parse(line) as Entry).n);

  it('has a record on disk when it returns, with all that waited before it, in order', () => {
    const writer = open();
    writer.append({ n: 1, bulk: true });
    writer.append({ n: 2, bulk: true });
    expect(numbers(writer.path)).toEqual([]);
    writer.append({ n: 3 });
    expect(numbers(writer.path)).toEqual([1, 2, 3]);
    writer.close();
  });

  it('does not let records wait long, nor many of them', async () => {
    const writer = open();
    writer.append({ n: 1, bulk: true });
    await expect.poll(() => numbers(writer.path), { timeout: 2_000, interval: 10 }).toEqual([1]);
    writer.append({ n: 2, bulk: true, text: 'ü'.repeat(70_000) });
    expect(numbers(writer.path)).toEqual([1, 2]);
    writer.close();
  });

  it('writes what waits when it is closed, and nothing after', () => {
    const writer = open();
    writer.append({ n: 1, bulk: true, text: 'hunter2' });
    writer.close();
    writer.append({ n: 2 });
    writer.close();
    expect(lines(writer.path)).toEqual(['{"n":1,"bulk":true,"text":"***"}']);
  });

  it('leaves no listener behind', () => {
    const before = process.listenerCount('exit');
    const writers = Array.from({ length: 20 }, open);
    expect(process.listenerCount('exit')).toBe(before + 1);
    for (const writer of writers) writer.close();
    expect(process.listenerCount('exit')).toBe(before);
  });
});
