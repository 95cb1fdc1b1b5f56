import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLogFile } from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-file-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lines are on disk in a moment, and a second opening goes on where the first ended', async () => {
  const first = openLogFile(join(folder, 'logs'), 'a/b');
  first.append('one');
  await expect.poll(() => readFileSync(first.path, 'utf8'), { timeout: 2_000, interval: 10 }).toBe('one\n');
  first.close();
  first.append('too late');
  const second = openLogFile(join(folder, 'logs'), 'a/b');
  second.append('two');
  second.close();
  expect(readFileSync(join(folder, 'logs', 'a_b.log'), 'utf8')).toBe('one\ntwo\n');
});

test('past the limit a note says so, and nothing more is kept', () => {
  const log = openLogFile(folder, 'a', { maxBytes: 10 });
  for (const line of ['12345', '67890', 'dropped', 'dropped']) log.append(line);
  log.close();
  expect(readFileSync(log.path, 'utf8')).toBe(
    '12345\n67890\n[testcard: this log is longer than 10 bytes; the rest is not kept]\n',
  );
});
