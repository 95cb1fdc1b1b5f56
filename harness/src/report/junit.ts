// JUnit XML of a run: broken promises are `failure`, what Testcard could not tell is `error`, decided by type. Valid for the schemas of Jenkins'
// xUnit plugin (junit-10.xsd) and, below `testsuite`, of Maven Surefire's order of elements.

import { formatDurationMs } from '../base/duration.ts';
import { brokenQuarantineOf, excuseOf } from '../model/gate.ts';
import type { Attempt, CaseResult, RunResult, SuiteResult } from '../model/results.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { UNICODE } from './chars.ts';
import type { FailureStory } from './failure-story.ts';
import { renderFailure } from './failure-text.ts';
import { element, renderXml, type XmlElement } from './xml.ts';

/** Wide enough that paths are not broken. */
const TEXT_COLUMNS = 140;

/** `stories` by `<suite>/<case>`: the last evidence of what did not pass. */
export function renderJunit(run: RunResult, stories: ReadonlyMap<string, FailureStory> = new Map()): string {
  const suites = run.suites.map((suite) => suiteElement(run, suite, stories));
  if (run.errors.length > 0) {
    const cases = run.errors.map((error) => outsideCase(error, 'testcard', error.code));
    suites.push(element('testsuite', { name: 'testcard', time: 0, ...countsOf(cases) }, cases));
  }
  const sum = (name: string) => suites.reduce((total, suite) => total + Number(suite.attributes[name] ?? 0), 0);
  const attributes = { name: 'testcard', time: seconds(run.elapsedMs), tests: sum('tests') };
  return renderXml(element('testsuites', { ...attributes, failures: sum('failures'), errors: sum('errors') }, suites));
}

function suiteElement(run: RunResult, suite: SuiteResult, stories: ReadonlyMap<string, FailureStory>): XmlElement {
  const cases = [
    ...suite.cases.map((result) => caseElement(suite, result, stories.get(`${suite.suite}/${result.case}`))),
    ...suite.errors.map((error) => outsideCase(error, suite.name, 'environment')),
  ];
  return element(
    'testsuite',
    {
      name: suite.name,
      time: seconds(suite.elapsedMs),
      ...countsOf(cases),
      timestamp: new Date(run.startedAtMs).toISOString().slice(0, 19),
      file: suite.file,
    },
    [propertiesOf(run, suite), ...cases],
  );
}

function countsOf(cases: readonly XmlElement[]): Record<string, number> {
  const having = (name: string) =>
    cases.filter(({ children }) => children.some((child) => 'name' in child && child.name === name)).length;
  return { tests: cases.length, errors: having('error'), skipped: having('skipped'), failures: having('failure') };
}

/** Of the suite, and of each case by its id: the schemas know no properties of a test case. */
function propertiesOf(run: RunResult, suite: SuiteResult): XmlElement {
  const ready =
    suite.readyAfterMs === undefined ? [] : [['environment.ready_ms', String(Math.round(suite.readyAfterMs))]];
  const all = [
    ['run', run.run],
    ...(run.rerun ? [['runtime', run.rerun.runtime]] : []),
    ...ready,
    ...suite.cases.flatMap((result) =>
      caseProperties(result).map(([name, value]) => [`${result.case}.${name}`, value]),
    ),
  ];
  return element(
    'properties',
    {},
    all.map(([name, value]) => element('property', { name, value })),
  );
}

function caseProperties(result: CaseResult): [string, string][] {
  const { attempts = [], quarantine } = result;
  const found: [string, string][] = [
    ['priority', result.priority],
    ['verdict', result.verdict],
  ];
  if (result.tags.length > 0) found.push(['tags', result.tags.join(',')]);
  if (result.isGating === false) found.push(['gating', 'false']);
  if (quarantine) found.push(['quarantine', quarantine.state], ['quarantine.url', quarantine.url]);
  if (attempts.length > 1) {
    found.push(['attempts', String(attempts.length)]);
    found.push(['attempts.passed', String(attempts.filter(({ verdict }) => verdict === 'passed').length)]);
  }
  for (const { name, value } of result.figures) found.push([`measured.${name}`, value]);
  return found;
}

/** Children in Surefire's order. `group` is the priority: the one attribute of a case that both schemas leave to us. */
function caseElement(suite: SuiteResult, result: CaseResult, story: FailureStory | undefined): XmlElement {
  const own = outcomeOf(result);
  const { failures, errors } = otherAttempts(result);
  const children = [
    ...(own?.name === 'failure' ? [own] : []),
    ...failures,
    ...(own?.name === 'skipped' ? [own] : []),
    ...(own?.name === 'error' ? [own] : []),
    ...errors,
    element('system-out', {}, [{ text: outputOf(result, story) }]),
  ];
  const attributes = {
    name: result.title,
    classname: suite.name,
    group: result.priority,
    time: seconds(timeOf(result)),
  };
  return element('testcase', attributes, children);
}

function outcomeOf(result: CaseResult): XmlElement | undefined {
  const { verdict, quarantine, error, reason } = result;
  const broken = brokenQuarantineOf(result);
  if (broken !== undefined)
    return element('failure', { message: broken, type: 'QUARANTINE_BROKEN' }, [{ text: bodyOf(result) }]);
  if (verdict === 'skipped') return element('skipped', { message: reason });
  if (verdict === 'passed') return undefined;
  const excuse = excuseOf(result);
  if (quarantine?.state === 'holds') return element('skipped', { message: `${excuse} · ${error?.message ?? verdict}` });
  const message = `${excuse === undefined ? '' : `[${excuse}] `}${error?.message ?? verdict}`;
  return element(verdict === 'failed' ? 'failure' : 'error', { message, type: error?.code ?? 'INTERNAL' }, [
    { text: bodyOf(result) },
  ]);
}

/**
 * Attempts beside the one that the case shows, as Maven Surefire writes those of tests that it runs again: `flaky…` of a case that passed in the
 * end, `rerun…` of one that did not. Readers that do not know them see an ordinary case.
 */
function otherAttempts({ attempts = [], verdict, error }: CaseResult): {
  failures: XmlElement[];
  errors: XmlElement[];
} {
  const broken = attempts.filter((attempt) => attempt.verdict !== 'passed');
  const prefix = verdict === 'passed' ? 'flaky' : 'rerun';
  const shown = verdict === 'passed' ? -1 : broken.findIndex((attempt) => attempt.verdict === verdict);
  const written = broken
    .filter((_, index) => index !== shown)
    .map((attempt) => {
      const { message = '', code = 'INTERNAL' } = attempt.error ?? error ?? {};
      const name = `${prefix}${attempt.verdict === 'failed' ? 'Failure' : 'Error'}`;
      return element(name, { message, type: code }, [element('stackTrace', {}, [{ text: bodyOf(attempt) }])]);
    });
  return {
    failures: written.filter(({ name }) => name.endsWith('Failure')),
    errors: written.filter(({ name }) => name.endsWith('Error')),
  };
}

function outsideCase(error: ErrorRecord, classname: string, name: string): XmlElement {
  const child = element('error', { message: error.message, type: error.code }, [{ text: describeError(error) }]);
  return element('testcase', { name, classname, time: 0 }, [child]);
}

/** Properties and attachments in the form that test managers and CI systems read out of a case's output, then the story of what went wrong. */
function outputOf(result: CaseResult, story: FailureStory | undefined): string {
  const lines = caseProperties(result).map(([name, value]) => `[[PROPERTY|${name}=${oneLine(value)}]]`);
  const files = (story?.evidence ?? []).map(({ path }) => `[[ATTACHMENT|${path}]]`);
  const told = story
    ? ['', renderFailure(story, { color: false, columns: TEXT_COLUMNS, chars: UNICODE })]
    : [`${result.verdict} in ${formatDurationMs(result.elapsedMs)}, ${result.at}`];
  return [...lines, ...files, ...told].join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll(']]', '] ]');

const timeOf = ({ attempts, elapsedMs }: CaseResult): number =>
  attempts ? attempts.reduce((sum, attempt) => sum + attempt.elapsedMs, 0) : elapsedMs;

function bodyOf({ error, moreErrors = [], codeFrame }: CaseResult | Attempt): string {
  const text = [...(error ? [error] : []), ...moreErrors].map(describeError).join('\n');
  return codeFrame === undefined ? text : `${text}\n\n${codeFrame}`;
}

function describeError(error: ErrorRecord): string {
  return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
}

/** Surefire's times have three digits at most after the point, and never an exponent. */
const seconds = (ms: number): string => (ms / 1000).toFixed(3);
