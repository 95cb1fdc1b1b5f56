// Prints the kill matrix: which measure rejects which fault. Exit 1 when a fault gets through or a clean recording does not.
//
//   node harness/bench/kill-matrix.ts

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { measureRecording } from '../src/media/index.ts';
import { JUDGED, STRICT } from './mutants/judge.ts';
import { openMutantBench } from './mutants/make-mutants.ts';
import { CLEAN, EDGES, MUTANTS, type Mutant } from './mutants/mutants.ts';

const folder = await mkdtemp(join(tmpdir(), 'testcard-mutants-'));
const { signal } = new AbortController();
const problems: string[] = [];
const startedAt = performance.now();
try {
  const bench = await openMutantBench(folder, signal);
  const table = new Table({
    head: ['recording', 'fault', ...JUDGED, 'median offset'],
    style: { head: [], border: [] },
  });
  const rows = async (mutants: Mutant[]) => {
    for (const mutant of mutants) {
      const path = await bench.make(mutant);
      const published = mutant.name.startsWith('B-frames') ? bench.bFrames : bench.fixture;
      const measured = await measureRecording(path, { wanted: JUDGED, published, signal });
      const offsetMs = measured['content-sync']?.offset.median;
      const found = JUDGED.map((name) => ({ name, wrong: STRICT[name](measured) }));
      const accepts = mutant.rejectedBy.filter((name) =>
        found.every((each) => each.name !== name || each.wrong.length === 0),
      );
      for (const name of accepts) problems.push(`${mutant.name} gets past ${name}`);
      if (CLEAN.includes(mutant)) {
        for (const { name, wrong } of found) {
          if (wrong.length > 0) problems.push(`${mutant.name} is rejected by ${name}: ${wrong.join(', ')}`);
        }
      }
      if (mutant.offsetMs !== undefined && Math.abs((offsetMs ?? Number.NaN) - mutant.offsetMs) > 1) {
        problems.push(`${mutant.name} measures ${offsetMs} ms, not ${mutant.offsetMs}`);
      }
      table.push([
        mutant.name,
        mutant.fault,
        ...found.map(({ wrong }) => (wrong.length === 0 ? '·' : wrong.join('\n'))),
        offsetMs === undefined ? '' : offsetMs.toFixed(2),
      ]);
      process.stderr.write('.');
    }
  };
  await rows(CLEAN);
  await rows(MUTANTS);
  await rows(EDGES);
  process.stderr.write('\n');
  console.log(table.toString());
  console.log(
    `${MUTANTS.length + EDGES.length} faults, ${CLEAN.length} clean, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
