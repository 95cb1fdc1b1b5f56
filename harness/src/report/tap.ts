// TAP version 14: one test point a case, with what went wrong as a YAML block.

import { stringify } from 'yaml';
import { brokenQuarantineOf, excuseOf } from '../model/gate.ts';
import type { CaseResult, RunResult } from '../model/results.ts';
import { isFlaky } from '../model/rounds.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { printableLine } from './printable.ts';

interface Point {
  ok: boolean;
  name: string;
  /** `SKIP reason`, `TODO reason`: a point of the latter may fail without the run failing. */
  directive?: string;
  diagnostics?: Record<string, unknown>;
}

export function renderTap(run: RunResult): string {
  const points = [
    ...run.suites.flatMap((suite) => [
      ...suite.cases.map((result) => casePoint(`${suite.name} › ${result.title}`, result)),
      ...suite.errors.map((error) => outsidePoint(suite.name, error)),
    ]),
    ...run.errors.map((error) => outsidePoint('testcard', error)),
  ];
  const interrupted = run.exitCode === 130 ? ['Bail out! interrupted'] : [];
  const lines = ['TAP version 14', `1..${points.length}`, ...points.flatMap(pointLines), ...interrupted];
  return `${lines.join('\n')}\n`;
}

function casePoint(name: string, result: CaseResult): Point {
  const { verdict, error, figures, elapsedMs, priority, at, attempts } = result;
  const common = { priority, at, duration_ms: Math.round(elapsedMs * 1000) / 1000 };
  if (verdict === 'skipped') return { ok: true, name, directive: `SKIP ${result.reason ?? ''}`.trim() };
  const measured =
    figures.length === 0 ? {} : { measured: Object.fromEntries(figures.map((each) => [each.name, each.value])) };
  const rounds = attempts ? { attempts: attempts.map((attempt) => attempt.verdict) } : {};
  const broken = brokenQuarantineOf(result);
  const isOk = verdict === 'passed' && broken === undefined;
  if (isOk && !isFlaky(result)) return { ok: true, name, diagnostics: { ...common, ...rounds, ...measured } };
  const excuse = excuseOf(result);
  return {
    ok: isOk,
    name,
    ...(excuse === undefined || isOk ? {} : { directive: `TODO ${excuse}` }),
    diagnostics: {
      ...(broken === undefined ? {} : { quarantine: broken }),
      ...(error ? describe(error) : { severity: verdict }),
      ...common,
      ...rounds,
      ...measured,
    },
  };
}

const outsidePoint = (name: string, error: ErrorRecord): Point => ({
  ok: false,
  name: `${name} › ${error.code}`,
  diagnostics: describe(error),
});

function describe({ message, kind, code, hint, position }: ErrorRecord): Record<string, unknown> {
  return {
    message,
    severity: kind === 'failed' ? 'failed' : 'inconclusive',
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(position ? { line: position.line, column: position.col } : {}),
  };
}

function pointLines({ ok, name, directive, diagnostics }: Point, index: number): string[] {
  const suffix = directive === undefined ? '' : ` # ${printableLine(directive)}`;
  const line = `${ok ? 'ok' : 'not ok'} ${index + 1} - ${escapeHash(printableLine(name))}${suffix}`;
  if (!diagnostics) return [line];
  const block = stringify(diagnostics, { lineWidth: 0 }).trimEnd().split('\n');
  return [line, '  ---', ...block.map((each) => `  ${each}`), '  ...'];
}

const escapeHash = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('#', '\\#');
