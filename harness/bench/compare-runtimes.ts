// Whether suites come to the same on both runtimes: runs them on each, then sets verdicts and measurements side by side.
//
//   node harness/bench/compare-runtimes.ts [arguments of testcard run, default: --priority P1,P2,P3]
//
// Exit 1 when a case that both can run has different verdicts, or when a recording of it differs in what does not hang on when its reader
// joined: sound against picture by more than 3 ms, frames lost or doubled at all.

import { join } from 'node:path';
import { execa } from 'execa';
import type { CaseResult, RunResult } from '../src/model/results.ts';

const ROOT = join(import.meta.dirname, '../..');
const asked = process.argv.slice(2);
const selection = asked.length > 0 ? asked : ['--priority', 'P1,P2,P3'];

async function run(runtime: string): Promise<Map<string, CaseResult>> {
  const startedAt = performance.now();
  const { stdout } = await execa(
    process.execPath,
    [join(ROOT, 'harness/src/cli/main.ts'), 'run', ...selection, '--runtime', runtime, '--json', '--no-github'],
    { cwd: ROOT, reject: false, stderr: 'ignore', maxBuffer: 256 * 1024 * 1024 },
  );
  const { suites, verdict, folder } = JSON.parse(stdout) as RunResult;
  console.log(
    `${runtime.padEnd(8)} ${verdict} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s · ${folder}`,
  );
  return new Map(suites.flatMap(({ suite, cases }) => cases.map((each) => [`${suite} › ${each.title}`, each])));
}

const embedded = await run('embedded');
const compose = await run('compose');
/** Half a tick of FLV's milliseconds at either end, the pacing of two publishers, and what a server adds that tells time by arrival. */
const SYNC_MS = 3;

const numberIn = (pattern: RegExp, text: string): number | undefined => {
  const [, found] = pattern.exec(text) ?? [];
  return found === undefined ? undefined : Number(found);
};

/** What is wrong with the two, if anything. */
function difference(name: string, here: string, there: string): string | undefined {
  const kind = name.split(' · ').at(-1);
  if (kind === 'content-sync') {
    const [a, b] = [here, there].map((text) => numberIn(/median ([+-][\d.]+) ms/, text));
    if (a === undefined || b === undefined) return undefined; // words of a promise
    const apartMs = Math.abs(a - b);
    furthestMs = Math.max(furthestMs, apartMs);
    measured += 1;
    return apartMs > SYNC_MS ? `${apartMs.toFixed(1)} ms apart` : undefined;
  }
  if (kind !== 'lost' && kind !== 'duplicated') return undefined;
  const [a, b] = [here, there].map((text) => numberIn(/^(\d+) of \d+/, text));
  if (a === undefined || b === undefined) return undefined;
  measured += 1;
  return a === b ? undefined : 'other counts';
}

let furthestMs = 0;
let measured = 0;
let apart = 0;
let different = 0;
let compared = 0;
for (const [title, here] of embedded) {
  const there = compose.get(title);
  const skipped = [here, there].find((each) => each?.verdict === 'skipped');
  if (!there || skipped) {
    console.log(`· ${title}: ${skipped?.reason ?? 'on one runtime only'}`);
    continue;
  }
  compared += 1;
  if (here.verdict !== there.verdict) different += 1;
  console.log(`${here.verdict === there.verdict ? '=' : '≠'} ${title}: ${here.verdict}, ${there.verdict}`);
  const others = new Map(there.figures.map(({ name, value }) => [name, value]));
  for (const { name, value } of here.figures) {
    const other = others.get(name);
    // Words about a promise that held are the same or say nothing; numbers are what may differ.
    if (other === undefined || !/ · /.test(name)) continue;
    if (other === value) {
      difference(name, value, other);
      continue;
    }
    const wrong = difference(name, value, other);
    if (wrong) apart += 1;
    console.log(
      `    ${wrong ? '≠' : ' '} ${name}${wrong ? `: ${wrong}` : ''}\n        embedded  ${value}\n        compose   ${other}`,
    );
  }
}
console.log(`${compared - different} of ${compared} cases that both can run have the same verdict on both`);
console.log(
  `${measured - apart} of ${measured} measurements agree; sound against picture at most ${furthestMs.toFixed(2)} ms apart`,
);
process.exitCode = different + apart > 0 ? 1 : 0;
