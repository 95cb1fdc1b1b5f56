// Warnings about a valid suite: legal, but probably not what was meant.

import { formatDurationMs } from '../base/duration.ts';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { Case, CheckNode, StepNode, Suite } from '../model/suite.ts';
import { factsOfCheck, factsOfStep } from './facts.ts';
import { positionOf } from './origins.ts';
import { factsOfSuite } from './suite-facts.ts';

/** Warnings from top to bottom. Only for a suite that parseSuite made. */
export function lintSuite(suite: Suite): Problem[] {
  const facts = factsOfSuite(suite);
  if (!facts) return [];
  const found = new Map<string, Problem>();
  const warn: Warn = (message, position, hint) => {
    const key = `${position.file}:${position.line}:${position.col}:${message}`;
    if (!found.has(key)) {
      found.set(key, { severity: 'warning', message, position, ...(hint === undefined ? {} : { hint }) });
    }
  };
  for (const kase of suite.cases) lintCase(kase, warn);
  for (const { name, position, level, used } of [
    ...facts.variables,
    ...facts.cases.flatMap(({ variables }) => variables),
  ]) {
    // A shared file may define more than one suite needs.
    if (!used && level !== 'include') warn(`the variable \`${name}\` is not used`, position);
  }
  for (const { name, position, used } of facts.blocks) {
    if (!used && position.file === suite.file) warn(`the block \`${name}\` is not used`, position);
  }
  return [...found.values()].sort(
    (a, b) =>
      Number(b.position.file === suite.file) - Number(a.position.file === suite.file) ||
      a.position.line - b.position.line ||
      a.position.col - b.position.col,
  );
}

type Warn = (message: string, position: Position, hint?: string) => void;

interface Started {
  position: Position;
  /** `finish` or `stop` stood after it. */
  over: boolean;
  used: boolean;
}

function lintCase(kase: Case, warn: Warn): void {
  const started = new Map<string, Started>();
  let longest: { ms: number; node: StepNode } | undefined;
  const visit = (steps: readonly StepNode[]): void => {
    for (const node of steps) {
      const input = factsOfStep(node)?.input;
      if (input === undefined) continue;
      const { kind, position } = node;
      const advice = kind.lint?.(input);
      if (advice !== undefined) warn(advice, position);
      const ms = kind.longestMs?.(input) ?? 0;
      if (ms > (longest?.ms ?? 0)) longest = { ms, node };
      for (const { kind: what, name } of kind.uses?.(input) ?? []) {
        const activity =
          what === 'activity' || what === 'recording' || what === 'publisher' ? started.get(name) : undefined;
        if (!activity) continue;
        activity.used = true;
        if (what === 'activity') activity.over = true;
      }
      const children = kind.children?.(input);
      visit(children?.steps ?? []);
      for (const check of children?.checks ?? []) lintCheck(check, kind.key, started, warn);
      for (const { kind: what, name } of kind.defines?.(input) ?? []) {
        if (what !== 'recording' && what !== 'publisher') continue;
        const before = started.get(name);
        if (before && !before.over) {
          warn(
            `\`${name}\` may still be running here`,
            position,
            '`finish` or `stop` it first, or choose another name with `as`',
          );
        }
        started.set(name, { position, over: false, used: what === 'publisher' });
      }
    }
  };
  visit(kase.steps);
  const throughout = new Set(kase.throughout.flatMap(recordingsOf));
  for (const [name, { position, used }] of started) {
    if (!used && !throughout.has(name)) {
      warn(`the recording \`${name}\` is never looked at`, position, `add a check: \`recording: ${name}\``);
    }
  }
  if (longest && longest.ms > kase.timeoutMs) {
    const limit = formatDurationMs(kase.timeoutMs);
    warn(
      `this step may take ${formatDurationMs(longest.ms)}, but the case ends after ${limit}`,
      longest.node.position,
      'raise the `timeout` of the case (default 2m), or shorten the step',
    );
  }
}

function lintCheck(check: CheckNode, step: string, started: Map<string, Started>, warn: Warn): void {
  for (const name of recordingsOf(check)) {
    const recording = started.get(name);
    if (!recording) continue;
    recording.used = true;
    if (recording.over || step !== 'expect') continue;
    const position = positionOf(factsOfCheck(check)?.raw, ['recording']) ?? check.position;
    warn(
      `\`${name}\` may still be recording here, and can only be measured when it has ended`,
      position,
      `\`finish: ${name}\` or \`stop: ${name}\` first`,
    );
  }
  if (step === 'always' && check.kind.continuous === false) {
    warn(`a \`${check.kind.key}\` check is about the whole, not about every moment`, check.position, 'use `expect`');
  }
}

function recordingsOf(check: CheckNode): string[] {
  return (check.kind.uses?.(check.input) ?? []).flatMap(({ kind, name }) => (kind === 'recording' ? [name] : []));
}
