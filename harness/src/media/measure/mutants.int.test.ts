import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JUDGED, judgeStrictly } from '../../../bench/mutants/judge.ts';
import { type MutantBench, openMutantBench } from '../../../bench/mutants/make-mutants.ts';
import { CLEAN, EDGES, MUTANTS, type Mutant } from '../../../bench/mutants/mutants.ts';
import { measureRecording } from './measure-recording.ts';

const { signal } = new AbortController();
let folder: string;
let bench: MutantBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'testcard-mutants-'));
  bench = await openMutantBench(folder, signal);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function measure(mutant: Mutant, wanted = JUDGED) {
  const path = await bench.make(mutant);
  const published = mutant.name.startsWith('B-frames') ? bench.bFrames : bench.fixture;
  return measureRecording(path, { wanted, published, signal });
}

describe('the gate', () => {
  test('has fourteen faults, each of which a measure must reject', () => {
    expect(MUTANTS).toHaveLength(14);
    for (const { rejectedBy } of MUTANTS) expect(rejectedBy).not.toEqual([]);
  });

  test.each(MUTANTS.map((mutant) => [`${mutant.name} (${mutant.fault})`, mutant] as const))(
    'rejects %s',
    async (_, mutant) => {
      const measured = await measure(mutant, mutant.rejectedBy);
      for (const name of mutant.rejectedBy) {
        expect(judgeStrictly(name, measured).verdict, name).not.toBe('passed');
      }
      if (mutant.offsetMs !== undefined) {
        expect(Math.abs((measured['content-sync']?.offset.median ?? Number.NaN) - mutant.offsetMs)).toBeLessThanOrEqual(
          1,
        );
      }
    },
  );

  test.each(CLEAN.map((mutant) => [mutant.name, mutant] as const))('accepts %s', async (_, mutant) => {
    const measured = await measure(mutant);
    const verdicts = Object.fromEntries(JUDGED.map((name) => [name, judgeStrictly(name, measured)]));
    expect(Object.values(verdicts).filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(Math.abs(measured['content-sync']?.offset.median ?? Number.NaN)).toBeLessThanOrEqual(1);
  });

  test.each(EDGES.map((mutant) => [mutant.name, mutant] as const))(
    'tells %s from its neighbours',
    async (_, mutant) => {
      const wanted = mutant.offsetMs === undefined ? mutant.rejectedBy : ['content-sync' as const];
      const measured = await measure(mutant, wanted);
      for (const name of wanted) {
        const { verdict } = judgeStrictly(name, measured);
        expect(verdict === 'passed', `${name}: ${verdict}`).toBe(!mutant.rejectedBy.includes(name));
      }
      if (mutant.offsetMs !== undefined) {
        expect(Math.abs((measured['content-sync']?.offset.median ?? Number.NaN) - mutant.offsetMs)).toBeLessThanOrEqual(
          1,
        );
      }
    },
  );
});

test('the nearest-PTS table sees nothing of a sound that is 300 ms late: its packets carry the same timestamps', async () => {
  const clean = await measure(CLEAN.find(({ name }) => name === 'clean flv') as Mutant, ['av-sync', 'timestamps']);
  const late = await measure(MUTANTS.find(({ name }) => name === 'shift') as Mutant, ['av-sync', 'timestamps']);
  expect(late['av-sync']).toEqual(clean['av-sync']);
  expect(late['av-sync']?.maxAbsDeltaMs).toBeLessThanOrEqual(27.3 + 1);
});

test('the instrument reads a shift of 300 ms to within 1 ms of what it reads on the reference', async () => {
  const clean = await measure(CLEAN.find(({ name }) => name === 'clean flv') as Mutant, ['content-sync']);
  const late = await measure(MUTANTS.find(({ name }) => name === 'shift') as Mutant, ['content-sync']);
  const median = (measured: typeof clean) => measured['content-sync']?.offset.median ?? Number.NaN;
  expect(Math.abs(median(late) - median(clean) - 300)).toBeLessThanOrEqual(1);
});
