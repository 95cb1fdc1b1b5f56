import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { takeTurn } from './turns.ts';

const turns = (slots: number, withinMs = 2_000) => ({ name: `test-${randomUUID().slice(0, 8)}`, slots, withinMs });
const folderOf = (name: string) => join(tmpdir(), `testcard-turns-${process.getuid?.() ?? 'user'}-${name}`);
const signal = AbortSignal.timeout(20_000);

it('lets so many in at a time, and the next when one is done', async () => {
  const asked = turns(2);
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      const end = await takeTurn(asked, systemClock, signal);
      inside += 1;
      most = Math.max(most, inside);
      await systemClock.delay(30);
      inside -= 1;
      end();
    }),
  );
  expect(most).toBe(2);
  expect(existsSync(folderOf(asked.name))).toBe(false);
});

it('says so when no turn comes in time', async () => {
  const asked = turns(1, 100);
  const end = await takeTurn(asked, systemClock, signal);
  await expect(takeTurn(asked, systemClock, signal)).rejects.toThrow(/no turn for test-\w+ within 100 ms: 1 others/);
  end();
});

it('gives on the turn of a process that is gone', async () => {
  const asked = turns(1);
  const { pid } = spawnSync('true');
  mkdirSync(folderOf(asked.name), { recursive: true });
  writeFileSync(join(folderOf(asked.name), '0'), `${pid} 123`);
  const end = await takeTurn(asked, systemClock, signal);
  end();
});
