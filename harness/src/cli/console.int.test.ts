// What a person sees of a run: on a real terminal, in a pipe, quiet, verbose, when asking what goes on, and of a failure.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import { createProject, MAIN, type Project } from './testing/project.ts';
import { openPseudoTerminal } from './testing/pseudo-terminal.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const head = 'suite: tiny\npriority: P1\nenvironment: tiny\n';

/** Waits until a file of the project is there, so that the test says when the wait is over. */
const waits = (title = 'waits for a request', within = '30s') => `  - case: ${title}
    steps:
      - eventually: { within: ${within}, metric: counted_total, of: counter, increases-by: { at-least: 1 } }
`;

const fails = `  - case: counts by itself
    steps:
      - request: { url: "http://counter:8000/error" }
      - expect:
          - metric: counted_total
            of: counter
            increases-by: 1
`;

/** A counter that counts when a file appears, and logs an error when it is asked to. */
const COUNTER = `
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
let count = 0;
setInterval(() => { if (existsSync('go')) count = 1; }, 20);
const server = createServer((request, response) => {
  if (request.url === '/error') console.log(JSON.stringify({ level: 'error', msg: 'queue is full', depth: 3 }));
  if (request.url === '/metrics') response.end('# TYPE counted_total counter\\ncounted_total ' + count + '\\n');
  else response.end('ok');
});
server.listen(Number(process.env.PORT_8000), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

const go = () => project.write('go', '');
/** Which may be wrapped. */
const lastLine = (lines: string[]) => lines.slice(-2).join('');
const has = (text: string) => (lines: string[]) => lines.some((line) => line.includes(text));

describe('on a terminal', () => {
  beforeEach(() => {
    project.write('counter.mjs', COUNTER);
  });

  it('shows what goes on while it does, and afterwards only what came of it', async () => {
    project.write('suites/a.suite.yaml', `${head}cases:\n${waits()}`);
    const terminal = openPseudoTerminal(project, ['run']);
    const live = await terminal.until(has('waiting for metric counted_total'));
    expect(live.find((line) => line.includes('a › waits for a request'))).toMatch(
      /^\S \d+(\.\d)?s of \S+ a › waits for a request$/,
    );
    expect(live.find((line) => line.includes('waiting for'))).toMatch(/^ {4}\d+(\.\d)?s of 30s .*0 waiting for metric/);
    expect(live.at(-1)).toMatch(/^0 of 1 cases · 1 suite running/);
    go();
    expect(await terminal.ended).toBe(0);
    const all = await terminal.screen.all();
    const begin = all.findIndex((line) => line.startsWith('testcard: 1 cases of 1 suites'));
    expect(all[begin + 1]).toMatch(/^PASSED a › waits for a request \(/);
    expect(lastLine(all)).toMatch(/PASSED 1 passed, 0 failed, 0 inconclusive in .* · report reports\/\S+$/);
    expect(all.join('\n')).not.toMatch(/running|waiting for/);
  });

  it('survives another size in the middle, and what others write to the error stream', async () => {
    project.write('suites/a.suite.yaml', `${head}cases:\n${waits()}`);
    const terminal = openPseudoTerminal(project, ['run'], { columns: 120 });
    await terminal.until(has('waiting for metric'));
    for (const [columns, rows] of [
      [60, 30],
      [34, 30],
      [110, 12],
    ] as const) {
      await terminal.resize(columns, rows);
      // What is drawn between the terminal's change and the program's hearing of it may stay above; from then on all is right.
      await terminal.until((lines) => {
        const [kase = '', step = '', status = ''] = lines.slice(-3);
        const isWhole = kase.includes('a › ') && step.includes('of 30s') && status.startsWith('0 of 1');
        return (
          isWhole && (columns > 100 ? step.endsWith('at least 1') : step.endsWith('…') && step.length === columns - 1)
        );
      });
    }
    // The run's folder ends with the process that runs it.
    process.kill(Number(project.runFolder().split('-').at(-1)), 'SIGUSR1');
    const told = await terminal.until(has('what goes on now'));
    expect(told.slice(-3)[1]).toContain('of 30s');
    go();
    expect(await terminal.ended).toBe(0);
    const all = await terminal.screen.all();
    expect(all.filter(has1('PASSED a › waits for a request'))).toHaveLength(1);
    const after = all.slice(all.findIndex(has1('PASSED a › waits for a request')));
    expect(after.join('\n')).not.toMatch(/running|waiting for/);
  });

  it('leaves a whole screen when it is interrupted', async () => {
    project.write('suites/a.suite.yaml', `${head}cases:\n${waits()}`);
    const terminal = openPseudoTerminal(project, ['run']);
    await terminal.until(has('waiting for metric'));
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    const all = await terminal.screen.all();
    expect(all.filter(has1('Ctrl-C: cleaning up'))).toHaveLength(1);
    expect(all.join('\n')).not.toMatch(/running|waiting for/);
    expect(lastLine(all)).toMatch(/exit code 130 · report reports\/\S+$/);
  });

  it('is ASCII in a locale without UTF-8, has no colours with NO_COLOR, and is told in lines on a dumb terminal', async () => {
    project.write('suites/a.suite.yaml', `${head}cases:\n${fails}`);
    const terminal = openPseudoTerminal(project, ['run'], { env: { LC_ALL: 'C', NO_COLOR: '1' } });
    expect(await terminal.ended).toBe(1);
    const raw = terminal.screen.written();
    expect((await terminal.screen.all()).join('')).toMatch(/^[ -~]*$/);
    expect(raw).toContain('\u001b[?2026h');
    expect(raw).not.toContain('\u001b[31m');
    const dumb = openPseudoTerminal(project, ['run'], { env: { TERM: 'dumb' } });
    expect(await dumb.ended).toBe(1);
    expect(dumb.screen.written()).not.toContain('\u001b');
    expect((await dumb.screen.all()).join('\n')).toContain('a    x expect metric counted_total');
  });
});

function timelineSoFar(): string {
  if (!existsSync(join(project.folder, 'reports'))) return '';
  const path = join(project.runFolder(), 'suites/a/timeline.ndjson');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const has1 = (text: string) => (line: string) => line.includes(text);

describe('asked by SIGUSR1', () => {
  it.each(['--parallel=1', '--quiet'])('tells on stderr what goes on, and goes on: run %s', async (option) => {
    project.write('counter.mjs', COUNTER);
    project.write('suites/a.suite.yaml', `${head}cases:\n${waits()}`);
    const running = project.start(['run', option]);
    let told = '';
    running.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    const asked = await poll<true>(
      () => {
        // Earlier it is not listened for, and would end the process as it does any other.
        if (!timelineSoFar().includes('step-progress')) return { done: false, last: 'no step waits yet' };
        running.kill('SIGUSR1');
        return told.includes('waiting for metric') ? { done: true, value: true } : { done: false, last: told };
      },
      { withinMs: 40_000, clock: systemClock, everyMs: 250 },
    );
    expect(asked).toMatchObject({ ok: true });
    expect(told).toMatch(
      /testcard: what goes on now\n.*a › waits for a request\n.*of 30s .*waiting for metric counted_total/,
    );
    expect(told).toMatch(/0 of 1 cases · 1 suite running/);
    expect(told).not.toContain('Debugger');
    go();
    expect((await running).exitCode).toBe(0);
  });
});

describe('quiet and verbose', () => {
  it('quiet, says only the verdict of what passed, and all of what failed', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:\n  - case: fine\n    steps: [{ expect: { service: counter, state: ready } }]\n`,
    );
    const passed = await project.cli(['run', '--quiet']);
    expect(passed.stdout).toMatch(/^\nPASSED 1 passed, 0 failed, 0 inconclusive in .* · report reports\/\S+$/);
    expect(passed.stderr).toBe('');
    project.write('suites/a.suite.yaml', `${head}cases:\n${fails}`);
    const failed = await project.cli(['run', '-q']);
    expect(failed.stdout).toMatch(
      /^FAILED a › counts by itself \(.*\)\n\nFAILED tiny › counts by itself\n {2}promised /,
    );
    expect(failed.exitCode).toBe(1);
  });

  it('verbose, says every check and every error in a log; the two together make no sense', async () => {
    project.write('counter.mjs', COUNTER);
    project.write('suites/a.suite.yaml', `${head}cases:\n${fails}`);
    const { stdout } = await project.cli(['run', '--verbose']);
    expect(stdout).toMatch(/^a {6}counter logs an error: queue is full depth=3$/m);
    expect(stdout).toMatch(/^a {6}✗ .*increases by exactly 1 — /m);
    const both = await project.cli(['run', '-q', '-v']);
    expect(both.exitCode).toBe(2);
  });
});

describe('a failure', () => {
  it('is told with its promise, what was seen, what else happened, evidence, and a command that runs just it again', async () => {
    project.write('counter.mjs', COUNTER);
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:\n${fails.replace('counts by itself', `"it's \\"quoted\\" $HOME"`)}${fails.replace('counts by itself', `"it's \\"quoted\\" $HOME, too"`)}`,
    );
    const { stdout, exitCode } = await project.cli(['run']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ {2}promised {4}counted_total of counter: increases by exactly 1$/m);
    expect(stdout).toMatch(/^ {2}seen {8}increased by 0/m);
    expect(stdout).toMatch(
      /^ {2}at {10}suites\/a\.suite\.yaml:9:13\n.*\n.*\n {2}> {1,2}9 \| {11}- metric: counted_total\n {2}> {1,2}10 \| {13}of: counter\n/m,
    );
    expect(stdout).toMatch(/^ {2}meanwhile {3}\+0\.\d s, .*: counter logs an error: queue is full depth=3$/m);
    expect(stdout).toMatch(/^ {2}evidence {4}reports\/\S+\/suites\/a\/logs\/counter\.log$/m);
    const command = /^ {2}run again {3}(.*)$/m.exec(stdout)?.[1] ?? '';
    const bin = join(project.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'testcard'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(join(bin, 'testcard'), 0o755);
    const again = await execa('sh', ['-c', command], {
      cwd: project.folder,
      reject: false,
      env: { PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1' },
    });
    expect(again.stdout).toContain('0 passed, 1 failed, 0 inconclusive');
    expect(project.result().suites[0]?.cases.map(({ title }) => title)).toEqual([`it's "quoted" $HOME`]);
  });
});

describe('a step that is much slower than in earlier runs', () => {
  it('is told as it happens and at the end, with how much', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:\n  - case: slow\n    steps:\n      - wait: 1500ms\n      - expect: { service: counter, state: ready }\n`,
    );
    for (let index = 0; index < 8; index += 1) {
      const run = join('reports', `2026-01-0${index + 1}_00-00-00-1`, 'step-times.json');
      project.write(run, JSON.stringify({ runtime: 'embedded', steps: { 'a/slow/wait 1.5s': [100 + index] } }));
    }
    const { stdout } = await project.cli(['run']);
    const notice = /▲ slow: a: wait 1\.5s took 1\.5 s, in 8 earlier runs 0\.1 s/g;
    expect(stdout.match(notice)).toHaveLength(2);
  });
});
