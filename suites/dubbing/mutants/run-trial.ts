// Runs one trial: `testcard run` on its suite, with an override file that starts the service through its wrapper.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant, Trial } from './mutant.ts';
import { parseRunResult, type RunResult } from './run-result.ts';
import { isWanted, judge, type Outcome } from './verdict.ts';
import { ROOT } from './wrappers/true-service.ts';

const TESTCARD = 'harness/src/cli/main.ts';
/** No case of the suites takes longer, with its environment. */
const GIVE_UP_AFTER_MS = 6 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface TrialOutcome extends Outcome {
  trial: Trial | Mutant;
  seconds: number;
  /** Where the run left its evidence; only kept when the verdict is not the wanted one. */
  folder?: string;
}

export interface TrialOptions {
  signal: AbortSignal;
  /** Evidence of wanted verdicts too. */
  keep: boolean;
  runtime: string;
}

/** Where a container has the repository: the wrapper, and what it needs, are not in the images. */
const IN_CONTAINER = '/testcard';

/** Starts the service through its wrapper, on either runtime. Compose reads JSON as YAML. */
export function overrideFile({ service, name }: Pick<Trial, 'service' | 'name'>): string {
  const words = ['suites/dubbing/mutants/wrap.ts', '--mutant', name];
  const changes = {
    entrypoint: ['node', ...words],
    working_dir: IN_CONTAINER,
    volumes: [{ type: 'bind', source: ROOT, target: IN_CONTAINER, read_only: true }],
    // Whoever the repository belongs to may read it.
    user: `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`,
    'x-testcard': { embedded: { run: ['node', ...words] } },
  };
  return `${JSON.stringify({ services: { [service]: changes } })}\n`;
}

export async function runTrial(trial: Trial | Mutant, { signal, keep, runtime }: TrialOptions): Promise<TrialOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'testcard-mutant-'));
  const startedAt = performance.now();
  try {
    const file = join(folder, 'override.yaml');
    await writeFile(file, overrideFile(trial));
    const { suite, case: title } = trial.against;
    const args = [
      'run',
      `suites/dubbing/${suite}.suite.yaml`,
      '--override',
      file,
      '--runtime',
      runtime,
      '--json',
      '--no-github',
      '--parallel',
      '1',
    ];
    const { result, problem } = await testcard([...args, ...(title === undefined ? [] : ['--case', title])], signal);
    const outcome = judge(trial, result);
    if (!result && problem) outcome.broken = [problem];
    const seconds = (performance.now() - startedAt) / 1000;
    if (result && isWanted(outcome.verdict) && !keep) {
      await rm(join(ROOT, result.folder), { recursive: true, force: true });
      return { trial, seconds, ...outcome };
    }
    return { trial, seconds, ...outcome, ...(result ? { folder: result.folder } : {}) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function testcard(args: string[], signal: AbortSignal): Promise<{ result?: RunResult; problem?: string }> {
  const child = spawn(process.execPath, [TESTCARD, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM'); // it cleans up what it started
  const timer = setTimeout(stop, GIVE_UP_AFTER_MS);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [stdout, stderr] = await Promise.all([textOf(child, 'stdout'), textOf(child, 'stderr')]);
    if (signal.aborted) return { problem: 'interrupted' };
    if (stdout.trim() === '') return { problem: lastLines(stderr) };
    return { result: parseRunResult(stdout) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

async function textOf(child: ChildProcess, which: 'stdout' | 'stderr'): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of child[which] ?? []) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function lastLines(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .slice(-2)
    .map((line) => line.trim());
  return lines.join(' · ') || 'it said nothing';
}
