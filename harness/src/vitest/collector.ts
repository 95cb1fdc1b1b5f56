// Collects what each case came to while Vitest runs, and what went wrong outside of cases.

import { relative } from 'node:path';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import type { CaseResult, SuiteResult } from '../model/results.ts';
import type { Case, Suite } from '../model/suite.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { type Verdict, worseVerdict } from '../model/verdict.ts';
import type { RunSuitesRequest, RunSuitesResult } from './run-suites-types.ts';
import type {} from './session-types.ts';

/** Vitest writes failures with its own code frames to a stream: this one keeps them as text for our reports. */
export class CapturedOutput extends Writable {
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

export class Collector implements Reporter {
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
