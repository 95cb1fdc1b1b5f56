import { expect, test } from 'vitest';
import { renderKillMatrix, renderTally } from './kill-matrix.ts';
import type { Mutant, Trial } from './mutant.ts';
import type { TrialOutcome } from './run-trial.ts';

const trial: Trial = {
  name: 'true-log',
  defect: 'none',
  service: 'media-service',
  against: { suite: 'a' },
  seconds: 1,
  make: () => ({}),
};
const mutant: Mutant = {
  ...trial,
  name: 'late',
  defect: 'late | by 80 ms',
  against: { suite: 'a', case: 'b' },
  killedBy: { check: /x/ },
};
const outcomes: TrialOutcome[] = [
  { trial, verdict: 'green', broken: [], seconds: 3.2 },
  { trial: mutant, verdict: 'killed', broken: ['b: sync within 60 ms — 80 ms'], seconds: 41.7 },
  { trial: { ...mutant, name: 'lost' }, verdict: 'survived', broken: [], seconds: 40 },
];

test('the matrix is a Markdown table that shouts what is not wanted', () => {
  const lines = renderKillMatrix(outcomes).split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[3]).toBe('| late | late \\| by 80 ms | a · b | killed | sync within 60 ms — 80 ms | 42 |');
  expect(lines[4]).toContain('| SURVIVED | · |');
});

test('the tally counts mutants and true pipelines apart', () => {
  expect(renderTally(outcomes)).toBe(
    'mutants: 1 of 2 killed by the right check, 1 survived, 0 false alarms in 1 runs of the true pipeline',
  );
  const alarm: TrialOutcome = { trial, verdict: 'false alarm', broken: [], seconds: 1 };
  expect(renderTally([alarm])).toContain('1 false alarm in 1 runs');
});
