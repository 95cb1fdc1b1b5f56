import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

let folder: string;
let file: string;
const said: string[] = [];
const say = (line: string) => said.push(line);
beforeEach(() => {
  said.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'one-at-a-time-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the second waits for the first, says so once, and then goes on', async () => {
  const events: string[] = [];
  const first = Promise.withResolvers<void>();
  const one = oneAtATime(
    async () => {
      events.push('first in');
      await first.promise;
      events.push('first out');
    },
    { say, file },
  );
  const two = oneAtATime(async () => void events.push('second in'), {
    say: (line) => {
      say(line);
      first.resolve();
    },
    file,
  });
  await Promise.all([one, two]);
  expect(events).toEqual(['first in', 'first out', 'second in']);
  expect(said).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  expect(existsSync(file)).toBe(false);
});

test('what a dead process left is taken over', async () => {
  const { pid } = spawnSync('true');
  writeFileSync(file, `${pid} 12345`);
  expect(await oneAtATime(async () => 'done', { say, file })).toBe('done');
});

test('work that fails frees the way', async () => {
  const failing = oneAtATime(() => Promise.reject(new Error('no')), { say, file });
  await expect(failing).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});
