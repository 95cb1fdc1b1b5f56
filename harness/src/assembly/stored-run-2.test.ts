// A run as it was stored when its format was numbered 2: as long as that number is read, it must be judged as it was.

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openStoredRun } from '../report/stored-run.ts';
import { replayRun } from './replay-run.ts';

const folder = fileURLToPath(new URL('./testing/stored-run-2', import.meta.url));
const { signal } = new AbortController();

test('a run stored in format 2 is judged as it was, by the text that was stored with it', async () => {
  const run = openStoredRun(folder);
  expect(run).toMatchObject({ format: 2, notes: [] });
  const { cases, notes, exitCode } = await replayRun({ run, paths: [], signal });
  expect(cases.map(({ title, was, is }) => `${title}: ${was}, ${is}`)).toEqual([
    'counts and tells: passed, passed',
    'promises too much: failed, failed',
    'asks for what is not there: inconclusive, inconclusive',
    'sees it killed and back: passed, passed',
  ]);
  for (const { error, wasError } of cases) {
    expect(error?.code).toBe(wasError?.code);
    expect(error?.message.split(' (looked')[0]).toBe(wasError?.message.split(' (looked')[0]);
  }
  expect(notes).toEqual([expect.stringContaining('counts.suite.yaml is not here: judged by the text that was run')]);
  expect(exitCode).toBe(1);
});
