import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project } from './testing/project.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
  project.write(
    'suites/a.suite.yaml',
    `suite: tiny
priority: P1
environment: tiny
cases:
  - case: works
    steps: [{ expect: { service: counter, state: ready } }]
  - case: is broken
    priority: P3
    steps: [{ expect: { service: counter, state: exited } }]
`,
  );
});
afterEach(() => project.remove());

const quarantine = (title: string, expires: string) => `
- case: ${title}
  owner: media team
  url: https://tracker.example/7
  expires: ${expires}
  reason: the counter does not exit
`;
const FAR = '2999-12-31';

const verdicts = () => project.result().suites.flatMap(({ cases }) => cases.map(({ verdict }) => verdict));

describe('testcard run --gate', () => {
  it('ends by the priorities that gate, and tells of the others', async () => {
    const { exitCode, output } = await project.cli(['run', '--gate', 'P1,P2']);
    expect(exitCode).toBe(0);
    expect(output).toContain('does not block: not gating (P3)');
    expect(output).toContain('1 passed, 1 failed, 0 inconclusive, 1 of them not blocking');
    expect(verdicts()).toEqual(['passed', 'failed']);
    expect(project.result()).toMatchObject({ verdict: 'passed', exitCode: 0, gate: ['P1', 'P2'] });
    expect((await project.cli(['run', '--gate', 'P3'])).exitCode).toBe(1);
  });

  it('is not ended by --bail at a case that does not block', async () => {
    project.write(
      'suites/a.suite.yaml',
      `suite: tiny
environment: tiny
cases:
  - case: minor
    priority: P3
    steps: [{ expect: { service: counter, state: exited } }]
  - case: major
    priority: P1
    steps: [{ expect: { service: counter, state: exited } }]
  - case: never begins
    priority: P1
    steps: [{ expect: { service: counter, state: ready } }]
`,
    );
    const { exitCode } = await project.cli(['run', '--gate', 'P1', '--bail']);
    expect(exitCode).toBe(1);
    expect(verdicts()).toEqual(['failed', 'failed', 'inconclusive']);
  });

  it('refuses a gate that nothing could fail to pass', async () => {
    const { exitCode, stderr } = await project.cli(['run', '--gate', 'P2']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('no case of the selection has that priority');
    expect((await project.cli(['run', '--gate', 'P4'])).exitCode).toBe(2);
  });
});

describe('the quarantine list', () => {
  it('excuses a case that fails, in every report', async () => {
    project.write('quarantine.yaml', quarantine('is broken', FAR));
    const { exitCode, output } = await project.cli(['run', '--github', '--report', 'tap,markdown']);
    expect(exitCode).toBe(0);
    expect(output).toContain(`does not block: quarantined until ${FAR} by media team`);
    expect(output).toMatch(/^::warning file=suites\/a\.suite\.yaml,line=9,.*quarantined/m);
    const [suite] = project.junit().testsuites.testsuite;
    expect(suite?.testcase[1]).toMatchObject({ skipped: { message: expect.stringContaining('quarantined until') } });
    expect(readFileSync(join(project.runFolder(), 'report.tap'), 'utf8')).toMatch(
      /^not ok 2 .* # TODO quarantined until/m,
    );
    expect(readFileSync(join(project.runFolder(), 'summary.md'), 'utf8')).toContain('Did not pass, and does not block');
  });

  it('blocks on a case that passes, with the entry to remove', async () => {
    project.write('known.yaml', quarantine('works', FAR));
    const { exitCode, output } = await project.cli(['run', '--gate', 'P1', '--quarantine', 'known.yaml']);
    expect(exitCode).toBe(1);
    expect(output).toContain('passed every time although it is quarantined: remove the entry at known.yaml:2:3');
  });

  it('blocks when an entry has expired, and says so before anything is run', async () => {
    project.write('quarantine.yaml', quarantine('is broken', '2020-01-31'));
    const { exitCode, stderr, output } = await project.cli(['run']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('the quarantine of “is broken” expired on 2020-01-31: the case blocks');
    expect(output).toContain('its quarantine expired on 2020-01-31: media team must repair it');
  });

  it('is checked before anything is run, and by validate, at its place', async () => {
    project.write('quarantine.yaml', quarantine('is borken', FAR));
    for (const command of ['run', 'validate']) {
      const { exitCode, output } = await project.cli([command]);
      expect(exitCode).toBe(2);
      expect(output).toMatch(/quarantine\.yaml:2:9 error unknown case “is borken”\n.*did you mean `is broken`\?/);
    }
    expect(existsSync(join(project.folder, 'reports'))).toBe(false);
    expect((await project.cli(['run', '--quarantine', 'nowhere.yaml'])).exitCode).toBe(2);
  });

  it('may name cases of suites that are not run', async () => {
    project.write('quarantine.yaml', quarantine('elsewhere', FAR));
    project.write(
      'suites/b.suite.yaml',
      'suite: other\nenvironment: tiny\ncases:\n  - case: elsewhere\n    steps: [{ expect: { service: counter, state: ready } }]\n',
    );
    expect((await project.cli(['run', 'suites/a.suite.yaml', '--case', 'works'])).exitCode).toBe(0);
  });
});
