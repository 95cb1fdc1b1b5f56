// Runs suite files under Vitest from the outside.

import { relative } from 'node:path';
import type { BaseSequencer, CliOptions, TestSequencerConstructor, TestSpecification } from 'vitest/node';
import { ownTemporaryFolder } from '../assembly/ownership.ts';
import type { Case, Suite } from '../model/suite.ts';
import { CapturedOutput, Collector } from './collector.ts';
import { testcard } from './plugin.ts';
import type { RunSuitesRequest, RunSuitesResult } from './run-suites-types.ts';
import type {} from './session-types.ts';

/** Environment set-up, clean-up and measuring are not the case's time; Vitest's own limit is only a net below ours. */
const OUTSIDE_CASE_MS = 300_000;

export async function runSuites(request: RunSuitesRequest): Promise<RunSuitesResult> {
  const { suites, signal } = request;
  const { startVitest, BaseSequencer } = await import('vitest/node');
  const captured = new CapturedOutput();
  const selected = new Map(suites.map(({ suite, cases }) => [suite.file, new Set(cases.map((kase) => kase.id))]));
  const longest = Math.max(...suites.flatMap(({ cases }) => cases.map((kase) => kase.timeoutMs)));
  const collector = new Collector(request, captured, () => {
    foreign();
    temporary.restore();
  });
  const foreign = forgetForeignListeners();
  // Until Vitest says that it is there: by then it has chosen its folders.
  const temporary = ownTemporaryFolder();
  const onAbort = () => void collector.vitest?.cancelCurrentRun('keyboard-input');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const folder = commonFolder(suites.map(({ suite }) => suite.file));
    const options: CliOptions = {
      config: false,
      root: process.cwd(),
      watch: false,
      run: true,
      // The files themselves, not a search for them: they may lie at opposite ends of the disk.
      include: suites.map(({ suite }) => relative(folder, suite.file).replace(/[*?[\]{}()!+@|\\]/g, '\\$&')),
      exclude: [],
      dir: folder,
      reporters: [collector],
      pool: 'forks',
      sequence: { sequencer: longestFirst(BaseSequencer, suites) },
      maxWorkers: Math.max(1, Math.min(request.parallel, suites.length)),
      fileParallelism: request.parallel > 1,
      testTimeout: longest + OUTSIDE_CASE_MS,
      hookTimeout: OUTSIDE_CASE_MS,
      teardownTimeout: 30_000,
      bail: request.bail ? 1 : 0,
      passWithNoTests: true,
      // The harness is plain TypeScript that Node runs itself: transforming it again in every worker would cost seconds.
      server: { deps: { external: [/\/harness\/(src|dist)\//, /\/node_modules\//] } },
      provide: { testcard: request.options },
    };
    const files = suites.map(({ suite }) => suite.file);
    const select = (suite: Suite, kase: Case) => selected.get(suite.file)?.has(kase.id) ?? false;
    const plugins = [
      testcard({ select, runtime: request.options.runtime, overrideFiles: request.options.overrideFiles ?? [] }),
    ];
    const vitest = await startVitest(
      files,
      options,
      { plugins, logLevel: 'silent' },
      { stdout: captured, stderr: captured },
    );
    await vitest.close();
  } finally {
    signal.removeEventListener('abort', onAbort);
    temporary.restore();
    temporary.remove();
  }
  return collector.result();
}

/** What takes longest is begun first, so that no processor is idle while the last one ends. As far as the suites themselves say. */
function longestFirst(Base: typeof BaseSequencer, suites: RunSuitesRequest['suites']): TestSequencerConstructor {
  const longestMs = new Map(
    suites.map(({ suite, cases }) => [suite.file, cases.reduce((sum, kase) => sum + kase.timeoutMs, 0)]),
  );
  return class extends Base {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const of = ({ moduleId }: TestSpecification) => longestMs.get(moduleId) ?? 0;
      return files.toSorted((a, b) => of(b) - of(a) || a.moduleId.localeCompare(b.moduleId));
    }
  };
}

/**
 * Vitest ends the process a millisecond after Ctrl-C or SIGTERM. Ours must first end what the suites started: the function that is returned
 * takes off the listeners that came since this call.
 */
function forgetForeignListeners(): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  return () => {
    for (const [index, signal] of signals.entries()) {
      for (const listener of process.listeners(signal))
        if (!before[index]?.has(listener)) process.off(signal, listener);
    }
  };
}

function commonFolder(files: string[]): string {
  const split = files.map((file) => file.split('/').slice(0, -1));
  const [first = [], ...others] = split;
  const shared = first.findIndex((part, index) => others.some((parts) => parts[index] !== part));
  return (shared < 0 ? first : first.slice(0, shared)).join('/') || '/';
}
