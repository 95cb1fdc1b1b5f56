// Prints the kill matrix: which measure rejects which fault. Exit 1 when a fault gets through or a clean recording does not.
//
//   node harness/bench/kill-matrix.ts [--why]
//
// · accepted, FAILED rejected, ? inconclusive (never a pass either). `--why` adds what was seen.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrate, measureRecording } from '../src/media/index.ts';
import { JUDGED, judgeStrictly } from './mutants/judge.ts';
import { openMutantBench } from './mutants/make-mutants.ts';
import { CLEAN, EDGES, MUTANTS, type Mutant } from './mutants/mutants.ts';

const folder = await mkdtemp(join(tmpdir(), 'testcard-mutants-'));
const { signal } = new AbortController();
const problems: string[] = [];
const startedAt = performance.now();
try {
  const bench = await openMutantBench(folder, signal);
  const table = [['recording', 'fault', ...JUDGED, 'median offset, ms']];
  const rows = async (mutants: Mutant[]) => {
    for (const mutant of mutants) {
      const path = await bench.make(mutant);
      const published = mutant.name.startsWith('B-frames') ? bench.bFrames : bench.fixture;
      const measured = await measureRecording(path, { wanted: JUDGED, published, signal });
      const offsetMs = measured['content-sync']?.offset.median;
      const verdicts = new Map(JUDGED.map((name) => [name, judgeStrictly(name, measured)]));
      for (const name of mutant.rejectedBy) {
        if (verdicts.get(name)?.verdict === 'passed') problems.push(`${mutant.name} gets past ${name}`);
      }
      for (const [name, { verdict, seen }] of CLEAN.includes(mutant) ? verdicts : []) {
        if (verdict !== 'passed') problems.push(`${mutant.name} is rejected by ${name}: ${seen}`);
      }
      if (mutant.offsetMs !== undefined && Math.abs((offsetMs ?? Number.NaN) - mutant.offsetMs) > 1) {
        problems.push(`${mutant.name} measures ${offsetMs} ms, not ${mutant.offsetMs}`);
      }
      table.push([
        mutant.name,
        mutant.fault,
        ...[...verdicts.values()].map(({ verdict }) => ({ passed: '·', failed: 'FAILED', inconclusive: '?' })[verdict]),
        offsetMs === undefined ? '' : offsetMs.toFixed(2),
      ]);
      if (process.argv.includes('--why')) {
        for (const [name, { verdict, seen }] of verdicts) {
          if (verdict !== 'passed') console.log(`${mutant.name} · ${name} · ${verdict}: ${seen}`);
        }
      }
      process.stderr.write('.');
    }
  };
  await rows(CLEAN);
  await rows(MUTANTS);
  await rows(EDGES);
  process.stderr.write('\n');
  const reference = await bench.make(CLEAN[0] as Mutant);
  const { rawMs, baselineMs, differenceMs } = await calibrate(bench.fixture, reference, signal);
  const late = await bench.make(MUTANTS[0] as Mutant);
  const sync = (await measureRecording(late, { wanted: ['content-sync'], published: bench.fixture, signal }))[
    'content-sync'
  ];
  const shiftMs = (sync?.offset.median ?? Number.NaN) - baselineMs;
  if (!(Math.abs(shiftMs - 300) <= 1)) problems.push(`+300.00 ms against the reference measures ${shiftMs}`);
  console.log(asMarkdown(table));
  console.log(`calibration: raw ${rawMs} ms, through FLV ${baselineMs} ms, difference ${differenceMs} ms`);
  console.log(`instrument: +300.00 ms against the reference reads +${shiftMs.toFixed(2)} ms`);
  console.log(
    `${MUTANTS.length + EDGES.length} faults, ${CLEAN.length} clean, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Columns padded to their widest cell, the first row being the head. */
function asMarkdown(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

for (const problem of problems) console.log(`PROBLEM: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
