// Mutants whose service runs in a container, through its wrapper as on processes.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TRIALS } from './list/index.ts';
import { runTrial } from './run-trial.ts';
import { ROOT } from './wrappers/true-service.ts';

const doctor = spawnSync(process.execPath, [join(ROOT, 'harness/src/cli/main.ts'), 'doctor', '--runtime', 'compose'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const isPossible = doctor.status === 0;
if (!isPossible) console.warn('mutants in containers: SKIPPED, no Docker engine with the images of the pipeline');

describe.skipIf(!isPossible)('mutants in containers', () => {
  test.each(['not-exposition-format', 'sts-does-not-acknowledge'])(
    '%s is killed by its own check',
    async (name) => {
      const trial = TRIALS.find((each) => each.name === name);
      if (!trial) throw new Error('there is no such mutant');
      const outcome = await runTrial(trial, { signal: AbortSignal.timeout(85_000), keep: false, runtime: 'compose' });
      expect(outcome, outcome.broken.join('\n')).toMatchObject({ verdict: 'killed' });
    },
    90_000,
  );
});
