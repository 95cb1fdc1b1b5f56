// Runs steps one after the other, each with its start, progress and end on the timeline.

import { TestcardError, toTestcardError } from '../model/errors.ts';
import type { CaseContext } from '../model/ports.ts';
import type { StepNode } from '../model/suite.ts';
import { errorRecord } from './error-record.ts';

/** Progress events are for people watching: at most this often while nothing but the value changes. */
const PROGRESS_EVERY_MS = 400;

/** `prefix` is the path of the step that holds these, `''` at the top: steps are named `0`, `1`, `1.0` … */
export async function runSteps(steps: StepNode[], context: CaseContext, prefix: string, first = 0): Promise<void> {
  for (const [index, node] of steps.entries()) {
    context.signal.throwIfAborted();
    const number = first + index;
    await runStep(node, context, prefix === '' ? `${number}` : `${prefix}.${number}`);
  }
}

async function runStep(node: StepNode, context: CaseContext, step: string): Promise<void> {
  const { clock, caseId } = context;
  const startedAt = clock.monotonicMs();
  const depth = step.split('.').length - 1;
  // What depends on saved variables has no input yet.
  const budgetMs = node.input === undefined ? 0 : (node.kind.longestMs?.(node.input) ?? 0);
  context.emitEvent({
    type: 'step-started',
    atMs: clock.nowMs(),
    case: caseId,
    step,
    title: node.title,
    position: node.position,
    depth,
    ...(budgetMs > 0 ? { budgetMs } : {}),
  });
  const own: CaseContext = withOwnProgress(context, step);
  const end = (error?: TestcardError) =>
    context.emitEvent({
      type: 'step-ended',
      atMs: clock.nowMs(),
      case: caseId,
      step,
      verdict: error === undefined ? 'passed' : error.kind === 'failed' ? 'failed' : 'inconclusive',
      elapsedMs: clock.monotonicMs() - startedAt,
      ...(error ? { error: errorRecord(error, context.mask) } : {}),
    });
  const brokenBefore = context.justBroken.atMs;
  const savedBefore = { ...context.saved };
  try {
    const input = node.input === undefined ? node.bind(context.saved) : node.input;
    await node.kind.run(input, own, node);
    noteSaved(context, step, savedBefore);
  } catch (caught) {
    const error = positioned(toTestcardError(context.signal.aborted ? context.signal.reason : caught), node);
    end(error);
    throw error;
  }
  if (context.justBroken.atMs === brokenBefore) context.justBroken.atMs = undefined;
  end();
}

function noteSaved(context: CaseContext, step: string, before: Readonly<Record<string, unknown>>): void {
  const values = Object.fromEntries(Object.entries(context.saved).filter(([name, value]) => before[name] !== value));
  if (Object.keys(values).length === 0) return;
  context.emitEvent({ type: 'saved', atMs: context.clock.nowMs(), case: context.caseId, step, values });
}

function withOwnProgress(context: CaseContext, step: string): CaseContext {
  let reportedAt = Number.NEGATIVE_INFINITY;
  let reported = '';
  const own: CaseContext = {
    ...context,
    step,
    progress: (waitingFor, last) => {
      const now = context.clock.monotonicMs();
      if (waitingFor === reported && now - reportedAt < PROGRESS_EVERY_MS) return;
      reported = waitingFor;
      reportedAt = now;
      context.emitEvent({
        type: 'step-progress',
        atMs: context.clock.nowMs(),
        case: context.caseId,
        step,
        waitingFor,
        last,
      });
    },
    runSteps: (steps, first) => runSteps(steps, own, step, first),
    fork: (signal) => {
      const forked: CaseContext = { ...own, signal, runSteps: (steps, first) => runSteps(steps, forked, step, first) };
      return forked;
    },
  };
  return own;
}

/** An error without a position happened at this step. */
function positioned(error: TestcardError, node: StepNode): TestcardError {
  if (error.position) return error;
  return new TestcardError(error.code, error.message, {
    hint: error.hint,
    position: node.position,
    detail: error.detail,
    cause: error.cause,
  });
}
