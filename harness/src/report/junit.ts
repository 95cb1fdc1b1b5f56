// JUnit XML of a run: broken promises are `failure`, what Testcard could not tell is `error`, decided by type.

import commonJsModule, { type Builder, type TestSuite } from 'junit-report-builder';
import type { CaseResult, RunResult, SuiteResult } from '../model/results.ts';
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
    .time(seconds(result.elapsedMs))
    .property('priority', result.priority)
    .property('verdict', result.verdict);
  for (const figure of result.figures) testCase.property(`measured.${figure.name}`, figure.value);
  if (result.verdict === 'skipped') {
    testCase.skipped();
    return;
  }
  if (!result.error) return;
  const text = [result.error, ...(result.moreErrors ?? [])].map(describeError).join('\n');
  const body = result.codeFrame === undefined ? text : `${text}\n\n${result.codeFrame}`;
  if (result.verdict === 'failed') testCase.failure(result.error.message, result.error.code).stacktrace(body);
  else testCase.error(result.error.message, result.error.code, body);
}

function describeError(error: ErrorRecord): string {
  return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
}

const seconds = (ms: number) => Number((ms / 1000).toFixed(3));
