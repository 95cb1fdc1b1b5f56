// What a suite's test module calls inside a Vitest worker: runs its cases in one environment and turns outcomes into test results.

import { relative } from 'node:path';
import type { TestContext } from 'vitest';
import { loadForRun } from '../assembly/load-suites.ts';
import { openSuiteWorld, type SuiteRunOptions, type SuiteWorld } from '../assembly/suite-world.ts';
import { guardWorkerProcess } from '../assembly/worker-process.ts';
import { maskTexts } from '../base/mask.ts';
import { errorRecord } from '../engine/error-record.ts';
import { type CaseOutcome, runCase } from '../engine/run-case.ts';
import { TestcardError, toTestcardError } from '../model/errors.ts';
import { formatPosition, type Position } from '../model/position.ts';
import type { CaseResult } from '../model/results.ts';
import type { Case, Suite } from '../model/suite.ts';
import { positionKey } from './positions.ts';
import type {} from './session-types.ts';

/** Functions that make an Error at a place of the suite file, by `line:col`. */
export type Marks = ReadonlyMap<string, () => Error>;

export interface Session {
  run(caseId: string, test: TestContext): Promise<void>;
  close(): Promise<void>;
}

export function openSession(file: string, marks: Marks, options: SuiteRunOptions | undefined): Session {
  guardWorkerProcess();
  let loading: Promise<Suite> | undefined;
  let opening: Promise<SuiteWorld> | undefined;
  return {
    async run(caseId, test) {
      loading ??= loadForRun(file, options);
      const suite = await loading;
      const kase = suite.cases.find((candidate) => candidate.id === caseId);
      if (!kase) throw new TestcardError('INTERNAL', `the suite file changed while it ran: no case ${caseId} any more`);
      const skipReason = reasonToSkip(kase, options?.runtime ?? 'embedded');
      if (skipReason !== undefined) {
        test.task.meta.testcard = resultOf(suite, kase, {
          case: kase.id,
          verdict: 'skipped',
          elapsedMs: 0,
          reason: skipReason,
        });
        test.skip(skipReason);
      }
      // The environment is opened by the first case that runs, so that a suite of skipped cases starts nothing.
      const signal = interruptible(test.signal);
      opening ??= openSuiteWorld(suite, options, signal);
      const outcome = await runIn(opening, kase, signal);
      test.task.meta.testcard = resultOf(suite, kase, outcome, await opening.catch(() => undefined));
      const world = await opening.catch(() => undefined);
      if (world && outcome.verdict !== 'skipped') {
        test.task.meta.testcardReadyAfterMs = world.readyAfterMs;
        world.caseEnded(kase, outcome.verdict);
      }
      // What does not block must not end a run with `--bail`, which goes by what Vitest sees.
      if (options?.excused?.includes(`${suite.id}/${kase.id}`)) return;
      if (outcome.error) throw thrownAt(outcome.error, kase, marks, world?.mask ?? ((text) => text));
    },
    async close() {
      const world = await opening?.catch(() => undefined);
      await world?.close();
    },
  };
}

/** Vitest aborts a test's signal when the run is cancelled; what then ends is interrupted, not defective. */
function interruptible(signal: AbortSignal): AbortSignal {
  const own = new AbortController();
  const interrupt = () => own.abort(new TestcardError('INTERRUPTED', 'interrupted'));
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  return own.signal;
}

async function runIn(opening: Promise<SuiteWorld>, kase: Case, signal: AbortSignal): Promise<CaseOutcome> {
  const startedAt = performance.now();
  try {
    const world = await opening;
    return await runCase(kase, world.forCase(kase), signal);
  } catch (caught) {
    // The environment did not come up: every case of the suite is inconclusive for the same reason.
    const error = toTestcardError(caught);
    return { case: kase.id, verdict: 'inconclusive', elapsedMs: performance.now() - startedAt, error };
  }
}

function reasonToSkip(kase: Case, runtime: string): string | undefined {
  if (kase.skip) return kase.skip.reason;
  if (kase.onlyOn && kase.onlyOn.runtime !== runtime) {
    return `only on the ${kase.onlyOn.runtime} runtime${kase.onlyOn.reason ? `: ${kase.onlyOn.reason}` : ''}`;
  }
  return undefined;
}

function resultOf(suite: Suite, kase: Case, outcome: CaseOutcome, world?: SuiteWorld): CaseResult {
  const mask = world?.mask ?? ((text: string) => text);
  const more = outcome.error?.cause instanceof AggregateError ? outcome.error.cause.errors : [];
  const result: CaseResult = {
    case: kase.id,
    title: kase.title,
    priority: kase.priority,
    tags: [...new Set([...suite.tags, ...kase.tags])],
    at: `${relative(process.cwd(), kase.position.file)}:${kase.position.line}`,
    verdict: outcome.verdict,
    elapsedMs: outcome.elapsedMs,
    figures: world?.figuresOf(kase.id) ?? [],
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
    ...(outcome.error ? { error: errorRecord(outcome.error, mask) } : {}),
    ...(more.length > 0 ? { moreErrors: more.map((error) => errorRecord(toTestcardError(error), mask)) } : {}),
  };
  // Figures hold what was promised and seen in words, which may be a secret too.
  return maskTexts(result, mask);
}

/** The error that Vitest shows: its stack is one frame, the place in the YAML. */
function thrownAt(error: TestcardError, kase: Case, marks: Marks, mask: (text: string) => string): Error {
  const shown = new Error(mask(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`));
  shown.name = error.kind === 'failed' ? 'Failed' : error.kind === 'interrupted' ? 'Interrupted' : 'Inconclusive';
  const frame = frameOf(error.position, marks) ?? frameOf(kase.position, marks);
  shown.stack = `${shown.name}: ${shown.message}${frame === undefined ? '' : `\n${frame}`}`;
  return shown;
}

function frameOf(position: Position | undefined, marks: Marks): string | undefined {
  if (!position) return undefined;
  const mark = marks.get(positionKey(position));
  if (!mark) return `    at ${formatPosition(position)}`;
  // The first frame of the mark's stack is the mark's own line, as the running module sees it.
  return mark()
    .stack?.split('\n')
    .find((line) => line.includes('    at '));
}
