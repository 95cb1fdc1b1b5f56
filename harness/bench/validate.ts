// Prints how long checking 100 suites takes, as a command and in-process, against plain YAML parsing of the same texts.
//
//   node harness/bench/validate.ts [suites=100]

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { registry } from '../src/assembly/registries.ts';
import { parseSuite } from '../src/suite/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'suites/dubbing');
/** The promise: the whole command, start-up included. */
const BAR_MS = 2_000;
const ROUNDS = 3;

const count = Number(process.argv[2] ?? 100);
const originals = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.suite.yaml'))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'));
const texts = Array.from({ length: count }, (_, index) =>
  (originals[index % originals.length] ?? '').replace(/^suite: .*/m, `suite: copy-${index}`),
);

const timed = async (work: () => unknown): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const folder = mkdtempSync(join(tmpdir(), 'testcard-validate-'));
try {
  mkdirSync(join(folder, 'suites'));
  for (const [index, text] of texts.entries()) writeFileSync(join(folder, 'suites', `copy-${index}.suite.yaml`), text);
  const command: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    command.push(
      await timed(() =>
        execa(process.execPath, [join(ROOT, 'harness/src/cli/main.ts'), 'validate', join(folder, 'suites')], {
          cwd: ROOT,
        }),
      ),
    );
  }
  // The first round of each in-process figure includes what a fresh process pays too: compiling the code and the schemas.
  const yaml = await timed(() => texts.map((text) => parse(text)));
  const cold = await timed(() =>
    texts.map((text, index) => parseSuite(text, `/copy-${index}.suite.yaml`, { registry })),
  );
  const warm = await timed(() =>
    texts.map((text, index) => parseSuite(text, `/copy-${index}.suite.yaml`, { registry })),
  );
  const line = (what: string, ms: number) =>
    console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / yaml).toFixed(1).padStart(5)} × baseline`);
  console.log(`${count} suites`);
  line('baseline: yaml.parse, values only', yaml);
  line('parseSuite, first time', cold);
  line('parseSuite, again', warm);
  line(`testcard validate, whole process (median of ${ROUNDS})`, median(command));
  const passed = median(command) <= BAR_MS;
  console.log(`bar: ${BAR_MS} ms for the whole process: ${passed ? 'held' : 'MISSED'}`);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
