import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project } from './testing/project.ts';

/** Knows the how-manieth start of it in this project this is: what differs from round to round does so by plan. */
const STARTS_SERVICE = `
import { createServer } from 'node:http';
import { appendFileSync, readFileSync } from 'node:fs';
appendFileSync('starts', '.');
const start = readFileSync('starts', 'utf8').length;
createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ isOdd: start % 2 === 1, start }));
}).listen(Number(process.env.PORT_8000), '127.0.0.1');
`;

let project: Project;
beforeEach(() => {
  project = createProject();
  project.write('counter.mjs', STARTS_SERVICE);
  project.write(
    'compose/tiny/compose.yaml',
    'services: { counter: { ports: ["8000"], x-testcard: { embedded: { run: [node, counter.mjs] } } } }',
  );
  // The case that may fail is the last: services are started again before a case that follows a failed one.
  project.write(
    'suites/a.suite.yaml',
    `suite: tiny
priority: P1
environment: tiny
cases:
  - case: answers
    steps: [{ request: { url: "http://counter:8000/", status: 200 } }]
  - case: is odd
    steps: [{ request: { url: "http://counter:8000/", json: { isOdd: true } } }]
`,
  );
});
afterEach(() => project.remove());

const starts = () => readFileSync(join(project.folder, 'starts'), 'utf8').length;
const caseOf = (title: string) => project.result().suites[0]?.cases.find((each) => each.title === title);

interface SurefireCase {
  flakyFailure?: { message: string; type: string; stackTrace: string };
  rerunFailure?: { message: string };
  failure?: { message: string };
}
const junitCase = (title: string) =>
  project.junit().testsuites.testsuite[0]?.testcase.find((each) => each.name === title) as SurefireCase | undefined;

describe('testcard run --repeat', () => {
  it('runs the whole selection in fresh environments, and shows how often each case passed', async () => {
    const { exitCode, output } = await project.cli(['run', '--repeat', '4']);
    expect(starts()).toBe(4);
    expect(output).toContain('round 4 of 4');
    expect(output).toMatch(/is odd · flaky.*2 of 4 +│ +2 /);
    expect(output).toMatch(/answers +│ +4 of 4 /);
    expect(output).toMatch(/failed in round 2, round 4: .*isOdd/);
    expect(exitCode).toBe(1);
    expect(caseOf('is odd')).toMatchObject({
      verdict: 'failed',
      attempts: [{ verdict: 'passed' }, { verdict: 'failed' }, { verdict: 'passed' }, { verdict: 'failed' }],
    });
    expect(project.result().repeat).toMatchObject({ rounds: 4, minPass: 1 });
    expect(project.junit().testsuites).toMatchObject({ tests: '2', failures: '1' });
    expect(junitCase('is odd')).toMatchObject({ failure: {}, rerunFailure: {} });
    const folders = caseOf('is odd')?.attempts?.map(({ folder }) => folder);
    expect(new Set(folders).size).toBe(4);
    for (const folder of folders ?? []) readFileSync(join(project.folder, folder, '../timeline.ndjson'));
  });

  it('is green when each case passes often enough, and still calls it flaky', async () => {
    const { exitCode, output } = await project.cli(['run', '--repeat', '2', '--min-pass', '50%']);
    expect(exitCode).toBe(0);
    expect(output).toContain('1 flaky');
    expect(project.junit().testsuites).toMatchObject({ tests: '2', failures: '0' });
    expect(junitCase('is odd')?.flakyFailure).toMatchObject({
      message: expect.stringContaining('isOdd'),
      type: 'CHECK_FAILED',
      stackTrace: expect.stringContaining('a.suite.yaml:8'),
    });
    expect(junitCase('answers')).not.toHaveProperty('flakyFailure');
  });

  it('tries again only what did not pass, in an environment of its own, and names it', async () => {
    const { exitCode, output } = await project.cli(['run', '--repeat', '2', '--retry', '1']);
    expect(exitCode).toBe(0);
    expect(output).toContain('trying again, 1 of at most 1: tiny › is odd');
    expect(output).toContain('tried again in round 2: failed → passed');
    expect(output).toMatch(/is odd · flaky.*2 of 2 /);
    expect(starts()).toBe(3);
    expect(caseOf('answers')?.attempts).toHaveLength(2);
  });

  it('ends between steps on Ctrl-C, with the table of what was done', async () => {
    project.write(
      'suites/a.suite.yaml',
      `suite: tiny
priority: P1
environment: tiny
cases:
  - case: is quick at first
    steps:
      - request: { url: "http://counter:8000/", save: { start: $.start } }
      - repeat: { times: "\${start}", steps: [{ wait: 300ms }] }
      - request: { url: "http://counter:8000/", status: 200 }
`,
    );
    const running = project.start(['run', '--repeat', '50']);
    let output = '';
    await new Promise<void>((resolve, reject) => {
      running.all?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.split('round 2 of 50')[1]?.includes('is quick at first')) resolve();
      });
      running.then(() => reject(new Error(`ended early: ${output}`)));
    });
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(output).toMatch(/is quick at first +│ +1 of 1 /);
    expect(output).toMatch(/[12] of 50 rounds/);
    expect(output).not.toContain('round 3 of 50');
    expect(project.result()).toMatchObject({ exitCode: 130, verdict: 'inconclusive' });
    expect(caseOf('is quick at first')?.attempts).toHaveLength(1);
  });

  it('refuses what it cannot mean', async () => {
    for (const args of [
      ['--repeat', '0'],
      ['--min-pass', '95'],
      ['--min-pass', '101%'],
      ['--min-pass', '0%'],
      ['--retry', '-1'],
      ['--bail', '--retry', '1'],
    ]) {
      expect(await project.cli(['run', ...args])).toMatchObject({ exitCode: 2 });
    }
  });
});
