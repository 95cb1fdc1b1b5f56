// Which cases decide what a run comes to: those of the priorities that gate, less what is quarantined and still fails.

import { EXIT_CODES } from './errors.ts';
import { isExpired, type Quarantine, type QuarantineEntry, quarantineProblem } from './quarantine.ts';
import type { CaseResult, RunResult, SuiteResult } from './results.ts';
import type { Priority } from './suite.ts';
import { type Verdict, worseVerdict } from './verdict.ts';

export interface GateRules {
  /** Priorities that decide. Without it, all do. */
  priorities?: readonly Priority[] | undefined;
  quarantine: readonly QuarantineEntry[];
  /** Today, for what expires. */
  nowMs: number;
  /** The entry's place for people. */
  placeOf(entry: QuarantineEntry): string;
}

/** Cases that will not block if they fail, as `<suite>/<case>`. */
export function excusedCases(
  selection: readonly { suite: { id: string }; cases: readonly { id: string; priority: Priority }[] }[],
  { priorities, quarantine, nowMs }: Omit<GateRules, 'placeOf'>,
): string[] {
  const listed = new Set(
    quarantine.filter((entry) => !isExpired(entry, nowMs)).map((entry) => `${entry.suite}/${entry.case}`),
  );
  return selection.flatMap(({ suite, cases }) =>
    cases
      .filter(({ id, priority }) => priorities?.includes(priority) === false || listed.has(`${suite.id}/${id}`))
      .map(({ id }) => `${suite.id}/${id}`),
  );
}

/** The suites with each case marked as what it is to the gate. */
export function applyGate(suites: readonly SuiteResult[], rules: GateRules): SuiteResult[] {
  return suites.map((suite) => ({ ...suite, cases: suite.cases.map((result) => markCase(suite, result, rules)) }));
}

function markCase(suite: SuiteResult, result: CaseResult, { priorities, quarantine, nowMs, placeOf }: GateRules) {
  const entry = quarantine.find((each) => each.suite === suite.suite && each.case === result.case);
  const marked: CaseResult = { ...result };
  if (priorities && !priorities.includes(result.priority)) marked.isGating = false;
  // What did not run shows nothing about the entry.
  if (!entry || result.verdict === 'skipped' || result.error?.kind === 'interrupted') return marked;
  const { owner, url, expires, reason } = entry;
  const state = isExpired(entry, nowMs) ? 'expired' : alwaysPassed(result) ? 'unneeded' : 'holds';
  marked.quarantine = { state, owner, url, expires, reason, at: placeOf(entry) } satisfies Quarantine;
  return marked;
}

const alwaysPassed = ({ verdict, attempts }: CaseResult): boolean =>
  verdict === 'passed' && (attempts ?? []).every((attempt) => attempt.verdict === 'passed');

/** What a case adds to the run's verdict; undefined when it has no say. */
export function gatingVerdict({ verdict, isGating, quarantine }: CaseResult): Verdict | undefined {
  if (verdict === 'skipped' || isGating === false || quarantine?.state === 'holds') return undefined;
  // A promise of the list itself is broken: what it says of the case is not, or no longer, so.
  return quarantine ? 'failed' : verdict;
}

/** It did not pass, or its quarantine is no good: it turns the run red. */
export const isBlocking = (result: CaseResult): boolean => (gatingVerdict(result) ?? 'passed') !== 'passed';

/** Why a case that did not pass does not block, in a few words. */
export function excuseOf({ isGating, priority, quarantine }: CaseResult): string | undefined {
  if (quarantine?.state === 'holds') {
    const { expires, owner, reason, url } = quarantine;
    return `quarantined until ${expires} by ${owner}: ${reason} (${url})`;
  }
  return isGating === false ? `not gating (${priority})` : undefined;
}

/** What is wrong with the entry that names a case, where that blocks. */
export const brokenQuarantineOf = (result: CaseResult): string | undefined =>
  result.quarantine && gatingVerdict(result) !== undefined ? quarantineProblem(result.quarantine) : undefined;

/** What the gate and the quarantine list make of a case, where that is not what its verdict alone says. */
export function standingOf(result: CaseResult): { blocks: boolean; text: string } | undefined {
  const { verdict } = result;
  const broken = brokenQuarantineOf(result);
  if (broken !== undefined) return { blocks: true, text: broken };
  const excuse = verdict === 'failed' || verdict === 'inconclusive' ? excuseOf(result) : undefined;
  return excuse === undefined ? undefined : { blocks: false, text: excuse };
}

/** What a run comes to, and how its process ends. */
export function decide(
  { suites, errors }: Pick<RunResult, 'suites' | 'errors'>,
  { isInterrupted }: { isInterrupted: boolean },
): Pick<RunResult, 'verdict' | 'exitCode'> {
  let verdict: Verdict = errors.length > 0 ? 'inconclusive' : 'passed';
  for (const suite of suites) {
    // Problems outside cases may have hidden what any case of the suite would have shown.
    const isOfInterest = suite.cases.length === 0 || suite.cases.some(({ isGating }) => isGating !== false);
    if (suite.errors.length > 0 && isOfInterest) verdict = worseVerdict(verdict, 'inconclusive');
    for (const result of suite.cases) verdict = worseVerdict(verdict, gatingVerdict(result) ?? 'passed');
  }
  // Nothing shown, or less than was asked: not green.
  const hasShown = suites.some(({ cases }) => cases.some(showsSomething));
  if (isInterrupted || !hasShown) verdict = worseVerdict(verdict, 'inconclusive');
  const exitCode = isInterrupted ? EXIT_CODES.interrupted : verdict === 'passed' ? 0 : EXIT_CODES[verdict];
  return { verdict, exitCode };
}

/** Skipped cases show nothing, nor do excused ones that could not be judged. */
const showsSomething = (result: CaseResult): boolean =>
  result.verdict === 'passed' || result.verdict === 'failed' || gatingVerdict(result) !== undefined;
