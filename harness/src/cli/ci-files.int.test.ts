// The files of docs/ci: valid for the systems that they are for, and their scripts do what they say, run as a runner would run them.

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProject, type Project, REPOSITORY } from './testing/project.ts';

const require = createRequire(import.meta.url);
const FOLDER = join(REPOSITORY, 'docs/ci');
const github = readFileSync(join(FOLDER, 'github-actions.yml'), 'utf8');
const gitlab = readFileSync(join(FOLDER, 'gitlab-ci.yml'), 'utf8');
const MAIN = join(REPOSITORY, 'harness/src/cli/main.ts');

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

/** By GitHub's own parser, which imports JSON as bundlers understand it and Node alone does not. */
async function problemsOnGithub(content: string): Promise<string[]> {
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  try {
    const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
    const { context } = parseWorkflow({ name: 'testcard.yml', content }, new NoOperationTraceWriter());
    return context.errors.getErrors().map(({ message }) => message);
  } finally {
    hooks.deregister();
  }
}

/** GitLab's own schema, and what refers to what. */
async function problemsOnGitlab(content: string): Promise<string> {
  const git = (...args: string[]) => execa('git', args, { cwd: project.folder });
  project.write('.gitlab-ci.yml', content);
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', 'git@gitlab.example:team/project.git');
  await git('add', '.gitlab-ci.yml');
  await git('-c', 'user.name=a', '-c', 'user.email=a@b.example', 'commit', '--quiet', '--message', 'a');
  const { exitCode, all } = await execa(
    process.execPath,
    [require.resolve('gitlab-ci-local'), '--list', '--variable', 'CI_PIPELINE_SOURCE=merge_request_event'],
    { cwd: project.folder, reject: false, all: true, timeout: 60_000, env: { HOME: project.folder, NO_COLOR: '1' } },
  );
  return exitCode === 0 ? '' : all;
}

describe('docs/ci/github-actions.yml', () => {
  it("is valid for GitHub's own parser, which finds what is not", async () => {
    expect(await problemsOnGithub(github)).toEqual([]);
    expect(await problemsOnGithub(github.replace('runs-on:', 'run-on:'))).not.toEqual([]);
    expect(await problemsOnGithub(github.replace('matrix.shard }}', 'matrx.shard }}'))).not.toEqual([]);
  });

  it('gates on the merged shards, fails and annotates as an undivided run would', async () => {
    const { jobs, env } = parse(github) as {
      jobs: Record<string, { steps: { run?: string }[]; strategy?: { matrix: { shard: number[]; of: number[] } } }>;
      env: Record<string, string>;
    };
    const scriptWith = (job: string, text: string) =>
      jobs[job]?.steps.find(({ run }) => run?.includes(text))?.run ?? `echo no step of ${job} has ${text}; exit 99`;
    const [of = 0] = jobs.shard?.strategy?.matrix.of ?? [];
    expect(jobs.shard?.strategy?.matrix.shard).toEqual(Array.from({ length: of }, (_, index) => index + 1));
    const result = await runShards({
      of,
      env,
      runScript: (shard) =>
        withValues(scriptWith('shard', 'testcard run'), { runtime: 'embedded', shard: String(shard), of: String(of) }),
      mergeScript: scriptWith('gate', 'report merge'),
      keepAs: (shard) => `shards/shard-embedded-${shard}`,
    });
    expect(result.shards).toEqual([0, 0]); // what failed is for the gate
    expect(result).toMatchObject({ merged: 1 });
    expect(result.output).toMatch(/^::error file=suites\/b\.suite\.yaml,line=5/m);
    expect(result.summary).toContain('## ❌ Testcard: failed');
    expect(existsSync(join(project.folder, 'junit.xml'))).toBe(true);
  });
});

describe('docs/ci/gitlab-ci.yml', () => {
  it("is valid for GitLab's schema, which finds what is not", async () => {
    expect(await problemsOnGitlab(gitlab)).toBe('');
  });

  it.each([
    ['script:', 'scirpt:'],
    ['extends: .shard', 'extends: .chard'],
    ['exit_codes: [1, 3]', 'exit_code: [1, 3]'],
  ])('would not be with %j written as %j', async (from, to) => {
    expect(await problemsOnGitlab(gitlab.replace(from, to))).not.toBe('');
  });

  it('gates on the merged shards, as a merge request shows them', async () => {
    type Job = {
      script: string[];
      after_script?: string[];
      parallel?: number;
      allow_failure?: { exit_codes: number[] };
    };
    const jobs = parse(gitlab) as Record<string, Job> & { variables: Record<string, string> };
    const of = jobs['.shard']?.parallel ?? 0;
    const script = [...(jobs['.shard']?.script ?? []), ''].join('\n');
    const result = await runShards({
      of,
      env: { ...jobs.variables, RUNTIME: 'embedded', CI_NODE_TOTAL: String(of) },
      runScript: () => script,
      mergeScript: jobs['.gate']?.script.join('\n') ?? 'exit 99',
      afterScript: jobs['.shard']?.after_script?.join('\n'),
    });
    const allowed = [0, ...(jobs['.shard']?.allow_failure?.exit_codes ?? [])];
    expect(result.shards.every((code) => allowed.includes(code))).toBe(true);
    expect(result.shards).toContain(1);
    expect(result).toMatchObject({ merged: 1 });
    expect(readFileSync(join(project.folder, 'junit.xml'), 'utf8')).toMatch(/tests="2" failures="1" errors="0"/);
  });
});

describe('docs/ci/README.md', () => {
  it('shows a quarantine list that is valid but for the names in it', async () => {
    const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    const [, list = ''] = /^```yaml\n(# quarantine\.yaml\n.*?)^```$/ms.exec(readme) ?? [];
    expect(list).not.toBe('');
    project.write('quarantine.yaml', list);
    suitesOf(2);
    const { output } = await project.cli(['validate']);
    expect(output.match(/:\d+ error .*/g)).toEqual([expect.stringMatching(/ error unknown (case|suite)/)]);
  });

  it('names no option that there is not', async () => {
    const texts = ['README.md', 'github-actions.yml', 'gitlab-ci.yml'].map((name) =>
      readFileSync(join(FOLDER, name), 'utf8'),
    );
    const help = await Promise.all(
      [['run'], ['report'], ['report', 'merge'], ['validate']].map((words) => project.cli([...words, '--help'])),
    );
    const known = help.map(({ stdout }) => stdout).join('\n');
    const used = texts.flatMap((text) =>
      [...text.matchAll(/testcard (?:run|report|validate)\b[^\n`]*(?:\\\n[^\n`]*)*/g)].flatMap(
        ([command]) => command.match(/(?<=\s)--[a-z-]+/g) ?? [],
      ),
    );
    expect(used.length).toBeGreaterThan(8);
    expect([...new Set(used)].filter((option) => !known.includes(option))).toEqual([]);
  });
});

function suitesOf(count: number): void {
  for (const [name, state] of Object.entries({ a: 'ready', b: 'exited' }).slice(0, count)) {
    project.write(
      `suites/${name}.suite.yaml`,
      `suite: ${name}\nenvironment: tiny\ncases:\n  - case: is ${state}\n    steps: [{ expect: { service: counter, state: ${state} } }]\n`,
    );
  }
}

interface ShardRun {
  of: number;
  env: Record<string, string>;
  runScript(shard: number): string;
  afterScript?: string | undefined;
  /** Where the system would put the artefact of a shard for the gate, when no script does. */
  keepAs?(shard: number): string;
  mergeScript: string;
}

/** Each shard in the same folder, one after the other, as if the machines' artefacts had been brought together. */
async function runShards({ of, env, runScript, afterScript, keepAs, mergeScript }: ShardRun) {
  suitesOf(2);
  const summaryFile = project.write('summary.md', '');
  const npx = project.write('bin/npx', `#!/bin/sh\nshift\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(npx, 0o755);
  const shell = (script: string, more: Record<string, string> = {}) =>
    execa('bash', ['-e', '-c', script], {
      cwd: project.folder,
      reject: false,
      all: true,
      timeout: 90_000,
      extendEnv: false,
      env: {
        PATH: `${join(project.folder, 'bin')}:${process.env.PATH}`,
        HOME: project.folder,
        NO_COLOR: '1',
        GITHUB_STEP_SUMMARY: summaryFile,
        GITHUB_WORKSPACE: project.folder,
        ...env,
        ...more,
      },
    });
  const shards: number[] = [];
  for (let shard = 1; shard <= of; shard += 1) {
    const values = { CI_NODE_INDEX: String(shard) };
    const { exitCode = -1 } = await shell(runScript(shard), values);
    shards.push(exitCode);
    if (afterScript !== undefined) await shell(afterScript, values);
    if (keepAs) {
      mkdirSync(join(project.folder, keepAs(shard), '..'), { recursive: true });
      renameSync(join(project.folder, 'reports'), join(project.folder, keepAs(shard)));
    }
  }
  const { exitCode: merged, all: output } = await shell(mergeScript);
  return { shards, merged, output, summary: readFileSync(summaryFile, 'utf8') };
}

const withValues = (script: string, matrix: Record<string, string>): string =>
  script.replaceAll(/\$\{\{ matrix\.(\w+) \}\}/g, (_, name: string) => matrix[name] ?? `no-${name}`);
