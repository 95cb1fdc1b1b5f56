import { readFileSync } from 'node:fs';
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
  - case: is broken
    steps: [{ expect: { service: counter, state: exited } }]
`,
  );
});
afterEach(() => project.remove());

const read = (path: string) => readFileSync(join(project.folder, path), 'utf8');

describe('testcard run --report', () => {
  it('writes each format to where it is asked for', async () => {
    const { exitCode, stdout, stderr } = await project.cli([
      'run',
      ...[
        '--report',
        'junit=out/junit.xml,markdown=out/summary.md',
        '--report',
        'json=-',
        '--report',
        'tap=out/report.tap',
      ],
    ]);
    expect(exitCode).toBe(1);
    expect(read('out/junit.xml')).toContain('<failure message="');
    expect(read('out/summary.md')).toMatch(/^## ❌ Testcard: failed/);
    expect(read('out/report.tap')).toMatch(/^TAP version 14\n1\.\.1\nnot ok 1 - tiny › is broken\n/);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, verdict: 'failed', exitCode: 1 });
    expect(stderr).toContain('0 passed, 1 failed');
  });

  it('leaves standard output to one report', async () => {
    const { exitCode, stdout } = await project.cli(['run', '--report', 'tap=-']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^TAP version 14\n/);
    expect((await project.cli(['run', '--report', 'tap=-', '--json'])).exitCode).toBe(2);
    expect((await project.cli(['run', '--report', 'xml'])).exitCode).toBe(2);
    expect((await project.cli(['run', '--report', 'tap='])).exitCode).toBe(2);
  });

  it('says which report cannot be written, writes the others, and is not green', async () => {
    project.write('suites/a.suite.yaml', read('suites/a.suite.yaml').replace('exited', 'ready'));
    const { exitCode, stderr } = await project.cli([
      'run',
      '--report',
      'junit=package.json/junit.xml',
      '--report',
      'tap=t.tap',
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('cannot write the junit report to package.json/junit.xml');
    expect(read('t.tap')).toContain('ok 1 - tiny › is broken');
  });
});

describe('testcard run on GitHub Actions', () => {
  const onGithub = () => ({
    env: {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: project.folder,
      GITHUB_STEP_SUMMARY: join(project.folder, 'step-summary.md'),
    },
  });

  it('annotates the line of the YAML and appends to the step summary', async () => {
    project.write('step-summary.md', '# Another step wrote this\n');
    const { stdout } = await project.cli(['run'], onGithub());
    expect(stdout).toMatch(/^::error file=suites\/a\.suite\.yaml,line=6,col=\d+,title=tiny › is broken%3A failed::/m);
    expect(read('step-summary.md')).toMatch(/^# Another step wrote this\n## ❌ Testcard: failed/);
  });

  it('keeps the runner from obeying what a service logs', async () => {
    project.write(
      'counter.mjs',
      `${read('counter.mjs')}\nconsole.log('::add-mask::e'); console.log('##[error]no'); console.error('::error::forged');`,
    );
    const { stdout } = await project.cli(['run', '--verbose'], onGithub());
    const [, token] = /^::stop-commands::(.+)$/m.exec(stdout) ?? [];
    const [before = '', after = ''] = stdout.split(`\n::${token}::\n`);
    expect(before).toContain('is broken');
    expect(after).toMatch(/^::error file=/);
    expect(after).not.toContain('forged');
  });

  it('does neither when told not to, or elsewhere', async () => {
    for (const { args, env } of [
      { args: ['run', '--no-github'], env: onGithub().env },
      { args: ['run'], env: {} },
    ]) {
      const { output } = await project.cli(args, { env });
      expect(output).not.toContain('::error');
      expect(output).not.toContain('::stop-commands');
    }
    const { output } = await project.cli(['run', '--github']);
    expect(output).toContain('::error file=suites/a.suite.yaml');
  });
});
