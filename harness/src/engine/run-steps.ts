// Runs steps one after the other, each with its start, progress and end on the timeline.

import { TestcardError, toTestcardError } from '../model/errors.ts';
import type { CaseContext } from '../model/ports.ts';
import type { StepNode } from '../model/suite.ts';
import { errorRecord } from './error-record.ts';

/** Progress events are for people watching: at most this often while nothing but the value changes. */
const PROGRESS_EVERY_MS = 400;

/** `prefix` is the path of the step that holds these, `''` at the top: steps are named `0`, `1`, `1.0` … */
export async function runSteps(steps: StepNode[], context: CaseContext, prefix: string): Promise<void> {
  for (const [index, node] of steps.entries()) {
    context.signal.throwIfAborted();
    await runStep(node, context, prefix === '' ? `${index}` : `${prefix}.${index}`);
  }
}

async function runStep(node: StepNode, context: CaseContext, step: string): Promise<void> {
  const { clock, caseId } = context;
  const startedAt = clock.monotonicMs();
  const depth = step.split('.').length - 1;
  context.emitEvent({
    type: 'step-started',
    atMs: clock.nowMs(),
    case: caseId,
    step,
    title: node.title,
    position: node.position,
    depth,
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
  try {
    const input = node.input === undefined ? node.bind(context.saved) : node.input;
    await node.kind.run(input, own, node);
  } catch (caught) {
    const error = positioned(toTestcardError(context.signal.aborted ? context.signal.reason : caught), node);
    end(error);
    throw error;
  }
  if (context.justBroken.atMs === brokenBefore) context.justBroken.atMs = undefined;
  end();
}

function withOwnProgress(context: CaseContext, step: string): CaseContext {
  let reportedAt = Number.NEGATIVE_INFINITY;
  let reported = '';
  const own: CaseContext = {
    ...context,
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
    runSteps: (steps) => runSteps(steps, own, step),
    fork: (signal) => {
      const forked: CaseContext = { ...own, signal, runSteps: (steps) => runSteps(steps, forked, step) };
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
