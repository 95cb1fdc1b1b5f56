import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import type { CaseResult, RunResult } from '../model/results.ts';
import { renderJunit } from './junit.ts';

const passed: CaseResult = {
  case: 'works',
  title: 'works <fully> & well',
  priority: 'P1',
  tags: [],
  at: 'suites/a.suite.yaml:4',
  verdict: 'passed',
  elapsedMs: 1_234,
  figures: [{ name: 'output · frames', value: 'lost 0', verdict: 'passed' }],
};
const error = { code: 'CHECK_FAILED', kind: 'failed', message: 'lost: 0 — saw 30', hint: 'see the recording' };

function run(cases: CaseResult[], over: Partial<RunResult> = {}): RunResult {
  return {
    run: 'r',
    folder: 'reports/r',
    command: 'testcard run',
    startedAtMs: 0,
    elapsedMs: 2_000,
    verdict: 'failed',
    exitCode: 1,
    suites: [
      {
        suite: 'a',
        name: 'suite a',
        file: 'suites/a.suite.yaml',
        verdict: 'failed',
        elapsedMs: 2_000,
        cases,
        errors: [],
      },
    ],
    errors: [],
    ...over,
  };
}

const parse = (xml: string) =>
  new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => ['testsuite', 'testcase', 'property'].includes(name),
  }).parse(xml);

describe('renderJunit', () => {
  it('writes a broken promise as failure and an undecided case as error, by verdict', () => {
    const xml = renderJunit(
      run([
        passed,
        { ...passed, title: 'breaks', verdict: 'failed', error, codeFrame: 'a.suite.yaml:9:5' },
        {
          ...passed,
          title: 'unclear',
          verdict: 'inconclusive',
          error: { ...error, code: 'SERVICE_NOT_READY', kind: 'inconclusive' },
        },
        { ...passed, title: 'left out', verdict: 'skipped', reason: 'not here' },
      ]),
    );
    const { testsuites } = parse(xml);
    const [suite] = testsuites.testsuite;
    const [works, breaks, unclear, left] = suite.testcase;
    expect(testsuites).toMatchObject({ tests: '4', failures: '1', errors: '1', skipped: '1' });
    expect(works).toMatchObject({ name: 'works <fully> & well', time: '1.234', classname: 'suite a' });
    expect(works).not.toHaveProperty('failure');
    expect(breaks.failure.message ?? breaks.failure['#text']).toContain('lost: 0 — saw 30');
    expect(breaks).not.toHaveProperty('error');
    expect(unclear.error.type).toBe('SERVICE_NOT_READY');
    expect(unclear).not.toHaveProperty('failure');
    expect(left).toHaveProperty('skipped');
  });

  it('keeps priority and measured figures as properties', () => {
    const [suite] = parse(renderJunit(run([passed]))).testsuites.testsuite;
    expect(suite.testcase[0].properties.property).toEqual(
      expect.arrayContaining([
        { name: 'priority', value: 'P1' },
        { name: 'measured.output · frames', value: 'lost 0' },
      ]),
    );
  });

  it('does not lose what went wrong outside the cases', () => {
    const outside = { code: 'INTERNAL', kind: 'internal', message: 'worker crashed' };
    const base = run([passed]);
    const xml = renderJunit({
      ...base,
      errors: [outside],
      suites: base.suites.map((suite) => ({ ...suite, errors: [outside] })),
    });
    expect(parse(xml).testsuites.errors).toBe('2');
  });
});
