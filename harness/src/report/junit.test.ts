import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseJunit } from 'junit2json';
import { type ITestCase, type ITestResult, parse as parseResults } from 'test-results-parser';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { FailureStory } from './failure-story.ts';
import { renderJunit } from './junit.ts';
import { attemptOf, caseResult, everything, failure, runResult, unclear } from './testing/results.ts';

const SCHEMA = readFileSync(join(import.meta.dirname, 'testing/junit.xsd'), 'utf8');

/** By junit2json, which reads with sax-js. */
async function read(xml: string) {
  const parsed = await parseJunit(xml);
  if (!parsed || !('testsuite' in parsed)) throw new Error(`not a report: ${xml}`);
  return { ...parsed, cases: parsed.testsuite?.flatMap(({ testcase = [] }) => testcase) ?? [] };
}

/** By test-results-parser, which reads with fast-xml-parser, from a file. */
function readOther(xml: string): ITestResult {
  const folder = mkdtempSync(join(tmpdir(), 'testcard-junit-'));
  try {
    writeFileSync(join(folder, 'junit.xml'), xml);
    return parseResults({ type: 'junit', files: [join(folder, 'junit.xml')] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const validate = async (xml: string): Promise<string[]> => {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: xml }, schema: SCHEMA });
  return errors.map(({ message }) => message);
};

const story: FailureStory = {
  suite: 'suite a',
  case: 'breaks',
  title: 'breaks',
  verdict: 'failed',
  code: 'CHECK_FAILED',
  promised: 'no frame is lost',
  seen: '30 were',
  also: [],
  inForce: [],
  meanwhile: [],
  leftOut: 0,
  evidence: [{ what: 'recording', name: 'output.flv', path: 'reports/r/suites/a/breaks/output.flv' }],
  rerun: 'testcard run suites/a.suite.yaml --case breaks',
};

describe('renderJunit', () => {
  it('is valid for the schemas of Jenkins and Surefire, whatever a run comes to and whatever is in its texts', async () => {
    expect(await validate(renderJunit(everything(), new Map([['a/breaks', story]])))).toEqual([]);
    expect(await validate(renderJunit(runResult([])))).toEqual([]);
    expect(await validate(renderJunit({ ...everything(), suites: [] }))).toEqual([]);
  });

  it('is held to those schemas: what they do not know is found', async () => {
    const xml = renderJunit(everything());
    expect(await validate(xml.replace('<testcase ', '<testcase file="x" '))).not.toEqual([]);
    expect(await validate(xml.replace(' type="CHECK_FAILED"', ''))).not.toEqual([]);
  });

  it('is understood alike by two parsers', async () => {
    const xml = renderJunit(everything());
    const one = await read(xml);
    const other = readOther(xml);
    const cases = other.suites.flatMap((suite) => suite.cases);
    expect(one).toMatchObject({ tests: 12, failures: 5, errors: 3 });
    expect(one.cases.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    const statusOf = ({ failure: failed, error, skipped }: (typeof one.cases)[number]) =>
      failed || error ? 'FAIL' : skipped ? 'SKIP' : 'PASS';
    expect(one.cases.map(statusOf)).toEqual(cases.map(({ status }) => status));
  });

  it('writes a broken promise as failure and an undecided case as error, by verdict', async () => {
    const { cases } = await read(
      renderJunit(
        runResult([
          caseResult({ title: 'works <fully> & well' }),
          caseResult({ title: 'breaks', verdict: 'failed', error: failure, codeFrame: 'a.suite.yaml:9:5' }),
          caseResult({ title: 'unclear', verdict: 'inconclusive', error: unclear }),
          caseResult({ title: 'left out', verdict: 'skipped', reason: 'not here' }),
        ]),
      ),
    );
    const [works, breaks, unclearCase, left] = cases;
    expect(works).toMatchObject({ name: 'works <fully> & well', time: 1.234, classname: 'suite a' });
    expect(works).not.toHaveProperty('failure');
    expect(breaks?.failure).toEqual([
      {
        message: 'lost: 0 — saw 30',
        type: 'CHECK_FAILED',
        inner: 'lost: 0 — saw 30\n  see the recording\n\na.suite.yaml:9:5',
      },
    ]);
    expect(breaks).not.toHaveProperty('error');
    expect(unclearCase?.error?.[0]?.type).toBe('SERVICE_NOT_READY');
    expect(unclearCase).not.toHaveProperty('failure');
    expect(left?.skipped).toEqual([{ message: 'not here' }]);
  });

  it('gives priority, runtime and measured figures as properties', async () => {
    const xml = renderJunit(runResult([caseResult()]));
    const { testsuite = [] } = await read(xml);
    expect(testsuite[0]?.properties).toEqual(
      expect.arrayContaining([
        { name: 'runtime', value: 'embedded' },
        { name: 'environment.ready_ms', value: 812 },
        { name: 'works.priority', value: 'P1' },
        { name: 'works.measured.output · frames', value: 'lost 0' },
      ]),
    );
    const [works] = readOther(xml).suites.flatMap((suite) => suite.cases);
    expect(works?.metadata).toMatchObject({ priority: 'P1', 'measured.output · frames': 'lost 0' });
  });

  it('shows attempts as Surefire does: flaky when it passed in the end, rerun when it did not', () => {
    const attempts = [attemptOf(1, 'failed', failure), attemptOf(2, 'inconclusive', unclear), attemptOf(3, 'passed')];
    const flaky = renderJunit(runResult([caseResult({ attempts })]));
    expect(flaky).toMatch(/<flakyFailure message="lost: 0 — saw 30" type="CHECK_FAILED">\s*<stackTrace>/);
    expect(flaky).toMatch(/<flakyError .*type="SERVICE_NOT_READY">/);
    expect(flaky).not.toMatch(/<failure|<error|rerun/);
    const failed = renderJunit(
      runResult([
        caseResult({ verdict: 'failed', error: failure, attempts: [...attempts, attemptOf(4, 'failed', failure)] }),
      ]),
    );
    expect(failed.match(/<failure /g)).toHaveLength(1);
    expect(failed.match(/<rerunFailure /g)).toHaveLength(1);
    expect(failed.match(/<rerunError /g)).toHaveLength(1);
  });

  it('puts the last evidence into the output of a case, with the recording attached', () => {
    const run = runResult([caseResult({ case: 'breaks', title: 'breaks', verdict: 'failed', error: failure })]);
    const xml = renderJunit(run, new Map([['a/breaks', story]]));
    const [breaks] = readOther(xml).suites.flatMap((suite) => suite.cases) as [ITestCase];
    expect(breaks.attachments.map(({ path }) => path)).toEqual(['reports/r/suites/a/breaks/output.flv']);
    expect(xml).toMatch(/<system-out>.*no frame is lost.*30 were.*testcard run suites\/a\.suite\.yaml --case breaks/s);
  });

  it('shows a quarantined case as skipped, and one whose quarantine is no good as failure', async () => {
    const { cases } = await read(renderJunit(everything()));
    const byName = (name: string) => cases.find((each) => each.name === name);
    expect(byName('known to fail')?.skipped?.[0]?.message).toMatch(
      /^quarantined until 2026-05-31 by media team: loses the last fragment .*lost: 0 — saw 30$/,
    );
    expect(byName('known to fail')).not.toHaveProperty('failure');
    expect(byName('repaired')?.failure?.[0]).toMatchObject({
      type: 'QUARANTINE_BROKEN',
      message: expect.stringContaining('remove the entry at quarantine.yaml:3:3'),
    });
    expect(byName('late')?.failure?.[0]?.message).toContain('expired on 2026-05-31');
    expect(byName('minor')?.failure?.[0]?.message).toBe('[not gating (P3)] lost: 0 — saw 30');
  });

  it('does not lose what went wrong outside the cases', async () => {
    const outside = { code: 'INTERNAL', kind: 'internal', message: 'worker crashed' };
    const { errors, cases } = await read(
      renderJunit(runResult([caseResult()], { errors: [outside] }, { errors: [outside] })),
    );
    expect(errors).toBe(2);
    expect(cases.filter(({ error }) => error?.[0]?.message === 'worker crashed')).toHaveLength(2);
  });
});
