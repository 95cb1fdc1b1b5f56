// Runs the P1 suites again and again and prints each run's verdict and the spread of times.
//
//   node harness/bench/repeat.ts [runs=10] [arguments of `testcard run` …]
//
// Exit 1 when a run is not passed.

import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { RunResult } from '../src/model/results.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const [runs = '10', ...args] = process.argv.slice(2);
const selection = args.length > 0 ? args : ['--priority', 'P1'];

const seconds: number[] = [];
const longestCase: number[] = [];
let passed = 0;
for (let run = 1; run <= Number(runs); run += 1) {
  const { stdout, exitCode } = await execa(process.execPath, [MAIN, 'run', '--json', ...selection], {
    reject: false,
    stderr: 'ignore',
  });
  const result = JSON.parse(stdout) as RunResult;
  const cases = result.suites.flatMap((suite) => suite.cases);
  seconds.push(result.elapsedMs / 1000);
  longestCase.push(Math.max(...cases.map((kase) => kase.elapsedMs)) / 1000);
  if (exitCode === 0) passed += 1;
  const why = cases
    .filter((kase) => kase.verdict !== 'passed')
    .map((kase) => `${kase.verdict}: ${kase.title}: ${kase.error?.message}`);
  console.log(
    `run ${run}: ${result.verdict} in ${seconds.at(-1)?.toFixed(1)} s${why.length > 0 ? `\n  ${why.join('\n  ')}` : ''}`,
  );
}
const spread = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `min ${sorted[0]?.toFixed(1)}, median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)}, max ${sorted.at(-1)?.toFixed(1)} s`;
};
console.log(`${passed} of ${runs} passed · whole run ${spread(seconds)} · longest case ${spread(longestCase)}`);
process.exitCode = passed === Number(runs) ? 0 : 1;
