// Runs suite files under Vitest from the outside and collects what each case came to.

import { relative } from 'node:path';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type {
  BaseSequencer,
  CliOptions,
  Reporter,
  TestCase,
  TestModule,
  TestSequencerConstructor,
  TestSpecification,
  Vitest,
} from 'vitest/node';
import type { SuiteRunOptions } from '../assembly/suite-world.ts';
import type { CaseResult, SuiteResult } from '../model/results.ts';
import type { Case, Suite } from '../model/suite.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { type Verdict, worseVerdict } from '../model/verdict.ts';
import { createTempFolder } from '../runtime/ownership/temp-folder.ts';
import { testcard } from './plugin.ts';
import type {} from './session-types.ts';

export interface RunSuitesRequest {
  suites: { suite: Suite; cases: Case[] }[];
  options: SuiteRunOptions;
  /** Suites side by side. */
  parallel: number;
  /** Stop after the first case that is not passed. */
  bail: boolean;
  color: boolean;
  signal: AbortSignal;
  onCase?: (suite: Suite, result: CaseResult) => void;
}

export interface RunSuitesResult {
  suites: SuiteResult[];
  /** Problems that belong to no suite: a worker that crashed, an unhandled rejection. */
  errors: ErrorRecord[];
}

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
    const plugins = [testcard({ select, overrideFiles: request.options.overrideFiles ?? [] })];
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

/**
 * Vitest's temporary folders have names of their own, which nobody would find after a kill: until it has chosen them, the folder for temporary
 * files is one of ours, which goes with its owner.
 */
function ownTemporaryFolder(): { restore(): void; remove(): void } {
  const folder = createTempFolder('vitest');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder.path;
  return {
    restore() {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    },
    remove: () => folder.remove(),
  };
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

/** Vitest writes failures with its own code frames to a stream: this one keeps them as text for our reports. */
class CapturedOutput extends Writable {
  #text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString('utf8');
    if (this.#text.length > 1_000_000) this.#text = this.#text.slice(-500_000);
    done();
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

class Collector implements Reporter {
  vitest: Vitest | undefined;
  #request: RunSuitesRequest;
  #captured: CapturedOutput;
  #cases = new Map<string, CaseResult[]>();
  #suiteErrors = new Map<string, ErrorRecord[]>();
  #readyAfterMs = new Map<string, number>();
  #elapsedMs = new Map<string, number>();
  #errors: ErrorRecord[] = [];

  #onInit: () => void;

  constructor(request: RunSuitesRequest, captured: CapturedOutput, onInit: () => void) {
    this.#onInit = onInit;
    this.#request = request;
    this.#captured = captured;
  }

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
    this.#onInit();
    if (this.#request.signal.aborted) void vitest.cancelCurrentRun('keyboard-input');
  }

  onTestCaseResult(test: TestCase): void {
    const meta = test.meta();
    const suite = this.#suiteOf(test.module.moduleId);
    if (!suite) return;
    if (!meta.testcard) {
      if (this.#request.signal.aborted || this.#request.bail) return; // never began; the end says so
      // Not ours: something threw before the case had a result. The case itself is found missing at the end.
      const errors = test.result().errors ?? [
        { message: `${test.name} ended as ${test.result().state} without a result` },
      ];
      const known = this.#suiteErrors.get(suite.file) ?? [];
      this.#suiteErrors.set(suite.file, [
        ...known,
        ...errors.map((error) => foreignError(error.message ?? String(error))),
      ]);
      return;
    }
    const result = { ...meta.testcard };
    const known = this.#cases.get(suite.file) ?? [];
    if (known.some((each) => each.case === result.case)) return; // a cancelled test is reported again when it has ended
    const [error] = test.result().errors ?? [];
    if (error && result.error?.kind !== 'interrupted') {
      const frame = this.#frameOf(error, test);
      if (frame !== '') result.codeFrame = frame;
    }
    if (meta.testcardReadyAfterMs !== undefined) this.#readyAfterMs.set(suite.file, meta.testcardReadyAfterMs);
    this.#cases.set(suite.file, [...known, result]);
    this.#request.onCase?.(suite, result);
  }

  onTestModuleEnd(module: TestModule): void {
    const suite = this.#suiteOf(module.moduleId);
    if (!suite) return;
    this.#elapsedMs.set(suite.file, module.diagnostic().duration);
    const errors = [...module.errors(), ...[...module.children.suites()].flatMap((child) => [...child.errors()])];
    if (errors.length === 0) return;
    this.#suiteErrors.set(
      suite.file,
      errors.map((error) => foreignError(error.message)),
    );
  }

  onTestRunEnd(_modules: unknown, unhandled: readonly { message?: string }[]): void {
    this.#errors.push(...unhandled.map((error) => foreignError(error.message ?? String(error))));
  }

  result(): RunSuitesResult {
    const suites = this.#request.suites.map(({ suite, cases }): SuiteResult => {
      const done = this.#cases.get(suite.file) ?? [];
      const missing = cases.filter((kase) => !done.some((result) => result.case === kase.id));
      const all = [...done, ...missing.map((kase) => this.#neverRan(suite, kase))];
      const errors = this.#suiteErrors.get(suite.file) ?? [];
      const start: Verdict = errors.length > 0 ? 'inconclusive' : 'passed';
      const verdict = all.reduce<Verdict>(
        (worst, { verdict }) => (verdict === 'skipped' ? worst : worseVerdict(worst, verdict)),
        start,
      );
      const readyAfterMs = this.#readyAfterMs.get(suite.file);
      return {
        suite: suite.id,
        name: suite.name,
        file: relative(process.cwd(), suite.file),
        verdict,
        elapsedMs: this.#elapsedMs.get(suite.file) ?? 0,
        ...(readyAfterMs === undefined ? {} : { readyAfterMs }),
        cases: all,
        errors,
      };
    });
    return { suites, errors: this.#errors };
  }

  /** A selected case without a result is never green: its worker crashed, or the run was cut short. */
  #neverRan(suite: Suite, kase: Case): CaseResult {
    const interrupted = this.#request.signal.aborted;
    const bailed = this.#request.bail;
    return {
      case: kase.id,
      title: kase.title,
      priority: kase.priority,
      tags: [...new Set([...suite.tags, ...kase.tags])],
      at: `${relative(process.cwd(), kase.position.file)}:${kase.position.line}`,
      verdict: 'inconclusive',
      elapsedMs: 0,
      figures: [],
      error: {
        code: interrupted ? 'INTERRUPTED' : 'INTERNAL',
        kind: interrupted ? 'interrupted' : 'inconclusive',
        message: interrupted
          ? 'not run: interrupted'
          : bailed
            ? 'not run: --bail ended the run after an earlier case'
            : 'not run: the worker of this suite ended before it',
        position: kase.position,
      },
    };
  }

  #suiteOf(moduleId: string): Suite | undefined {
    return this.#request.suites.find(({ suite }) => suite.file === moduleId)?.suite;
  }

  /** Vitest's own rendering of an error: place, code frame of the YAML. */
  #frameOf(error: unknown, test: TestCase): string {
    this.#captured.take();
    this.vitest?.logger.printError(error, { project: test.project, showCodeFrame: true });
    return stripVTControlCharacters(this.#captured.take()).replace(/^\n+|\s+$/g, '');
  }
}

function foreignError(message: string): ErrorRecord {
  return { code: 'INTERNAL', kind: 'internal', message: message.split('\n')[0] ?? message };
}
