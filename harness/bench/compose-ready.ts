// How long an environment on Docker takes from nothing to ready, beside `docker compose up --detach --wait` of the same file, in turn.
//
//   node harness/bench/compose-ready.ts [compose file] [rounds]
//
// Exit 1 when the median is over 1.3 times as long as Compose's own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { requireEnvironment } from '../src/environment/index.ts';
import { createComposeRuntime } from '../src/runtime/compose/compose-runtime.ts';
import { ownFromHere } from '../src/runtime/ownership/owner.ts';

const BAR = 1.3;

const [file = 'compose/dubbing/compose.yaml', rounds = '5'] = process.argv.slice(2);
ownFromHere();
const spec = requireEnvironment(file, [], 'compose');
const folder = mkdtempSync(join(tmpdir(), 'compose-ready-'));

/** From the call to an environment in which every service is ready. */
async function own(): Promise<number> {
  const startedAt = performance.now();
  const { signal } = new AbortController();
  const environment = await createComposeRuntime().start(spec, {
    ...{ overrides: {}, logFolder: folder, signal, onLog: () => {}, onEvent: () => {} },
  });
  const tookMs = performance.now() - startedAt;
  await environment.stop(AbortSignal.timeout(30_000));
  return tookMs;
}

async function bare(round: number): Promise<number> {
  const compose = ['compose', '-f', file, '-p', `compose-ready-${process.pid}-${round}`];
  const startedAt = performance.now();
  try {
    await execa('docker', [...compose, 'up', '--detach', '--wait', '--no-build']);
    return performance.now() - startedAt;
  } finally {
    await execa('docker', [...compose, 'down', '--volumes', '--timeout', '1'], { reject: false });
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const line = (what: string, values: number[]) =>
  console.log(
    `${what.padEnd(36)} median ${median(values).toFixed(0)} ms, slowest ${Math.max(...values).toFixed(0)} ms of ${values.length}`,
  );
try {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    ours.push(await own());
    theirs.push(await bare(round));
  }
  line(`testcard, ${spec.name}`, ours);
  line('docker compose up --detach --wait', theirs);
  const ratio = median(ours) / median(theirs);
  console.log(`${ratio.toFixed(2)} times as long (at most ${BAR})`);
  process.exitCode = ratio <= BAR ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
