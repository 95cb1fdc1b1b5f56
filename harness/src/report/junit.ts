// JUnit XML of a run: broken promises are `failure`, what Testcard could not tell is `error`, decided by type.

import commonJsModule, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder';
import type { Attempt, CaseResult, RunResult, SuiteResult } from '../model/results.ts';
import type { ErrorRecord } from '../model/timeline.ts';

// Its types describe an ES module, but it is published as CommonJS: at run time the default import is the builder itself.
const junit = commonJsModule as unknown as Builder;

export function renderJunit(run: RunResult): string {
  const builder = junit.newBuilder();
  for (const suite of run.suites) addSuite(builder, suite);
  if (run.errors.length > 0) {
    const outside = builder.testSuite().name('testcard');
    for (const error of run.errors)
      outside.testCase().className('testcard').name(error.code).error(error.message, error.code);
  }
  return builder.build();
}

function addSuite(builder: Builder, suite: SuiteResult): void {
  const element = builder.testSuite().name(suite.name).time(seconds(suite.elapsedMs)).property('file', suite.file);
  if (suite.readyAfterMs !== undefined)
    element.property('environment.ready_ms', String(Math.round(suite.readyAfterMs)));
  for (const result of suite.cases) addCase(element, suite, result);
  for (const error of suite.errors) {
    element.testCase().className(suite.name).name('environment').file(suite.file).error(error.message, error.code);
  }
}

function addCase(element: TestSuite, suite: SuiteResult, result: CaseResult): void {
  const testCase = element
    .testCase()
    .className(suite.name)
    .name(result.title)
    .file(suite.file)
    .time(seconds(timeOf(result)))
    .property('priority', result.priority)
    .property('verdict', result.verdict);
  for (const figure of result.figures) testCase.property(`measured.${figure.name}`, figure.value);
  addAttempts(testCase, result);
  if (result.verdict === 'skipped') {
    testCase.skipped();
    return;
  }
  if (!result.error) return;
  const body = bodyOf(result);
  if (result.verdict === 'failed') testCase.failure(result.error.message, result.error.code).stacktrace(body);
  else testCase.error(result.error.message, result.error.code, body);
}

/**
 * Attempts beside the one that the case shows, as Maven Surefire writes those of tests that it runs again: `flaky…` of a case that passed in the
 * end, `rerun…` of one that did not. Readers that do not know them see an ordinary case.
 */
function addAttempts(testCase: TestCase, { attempts = [], verdict, error }: CaseResult): void {
  const broken = attempts.filter((attempt) => attempt.verdict !== 'passed');
  const prefix = verdict === 'passed' ? 'flaky' : 'rerun';
  const shown = verdict === 'passed' ? -1 : broken.findIndex((attempt) => attempt.verdict === verdict);
  const others = broken.filter((_, index) => index !== shown);
  if (attempts.length > 1) {
    testCase.property('attempts', String(attempts.length));
    testCase.property('attempts.passed', String(attempts.length - broken.length));
  }
  const build = testCase.build.bind(testCase);
  testCase.build = (parent) => {
    const element = build(parent);
    for (const attempt of others) {
      const name = `${prefix}${attempt.verdict === 'failed' ? 'Failure' : 'Error'}`;
      const { message = '', code = '' } = attempt.error ?? error ?? {};
      element.ele(name, { message, type: code }).ele('stackTrace').cdata(bodyOf(attempt));
    }
    return element;
  };
}

const timeOf = ({ attempts, elapsedMs }: CaseResult): number =>
  attempts ? attempts.reduce((sum, attempt) => sum + attempt.elapsedMs, 0) : elapsedMs;

function bodyOf({ error, moreErrors = [], codeFrame }: CaseResult | Attempt): string {
  const text = [...(error ? [error] : []), ...moreErrors].map(describeError).join('\n');
  return codeFrame === undefined ? text : `${text}\n\n${codeFrame}`;
}

function describeError(error: ErrorRecord): string {
  return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
}

const seconds = (ms: number) => Number((ms / 1000).toFixed(3));
