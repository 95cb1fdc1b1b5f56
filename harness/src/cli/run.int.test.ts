import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project } from './testing/project.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const head = 'suite: tiny\npriority: P1\nenvironment: tiny\n';

describe('testcard run', () => {
  it('passes a suite whose promises hold: exit 0, and JUnit without a failure', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: counts what is asked of it
    steps:
      - request: { url: "http://counter:8000/count", status: 200 }
      - eventually: { within: 5s, metric: counted_total, of: counter, increases-by: 1 }
      - expect:
          log: { of: counter, where: { msg: counted } }
          count: 1
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('1 passed, 0 failed, 0 inconclusive');
    expect(exitCode).toBe(0);
    const { testsuites } = project.junit();
    expect(testsuites).toMatchObject({ tests: '1', failures: '0', errors: '0' });
    expect(project.result()).toMatchObject({ verdict: 'passed', suites: [{ cases: [{ verdict: 'passed' }] }] });
  });

  it('counts from the start of each case, in one environment for all cases of a suite', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: first
    steps:
      - repeat: { times: 3, steps: [{ request: { url: "http://counter:8000/count" } }] }
      - expect: { metric: counted_total, of: counter, increases-by: 3 }
  - case: second
    steps:
      - request: { url: "http://counter:8000/count" }
      - expect:
          - { metric: counted_total, of: counter, increases-by: 1 }
          - { metric: counted_total, of: counter, equals: 4 }
          - { log: { of: counter, where: { msg: counted } }, count: 1 }
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('2 passed');
    expect(exitCode).toBe(0);
  });

  it('starts the services again after a case that did not pass: what it left does not fail the next one', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: breaks
    steps:
      - request: { url: "http://counter:8000/count" }
      - expect: { metric: counted_total, of: counter, equals: 5 }
  - case: begins afresh
    steps:
      - expect: { metric: counted_total, of: counter, equals: 0 }
      - request: { url: "http://counter:8000/count" }
      - expect: { service: counter, restarts: 0 }
  - case: goes on where that one was
    steps:
      - expect: { metric: counted_total, of: counter, equals: 1 }
`,
    );
    const { exitCode } = await project.cli(['run']);
    expect(exitCode).toBe(1);
    const verdicts = project.result().suites[0]?.cases.map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['failed', 'passed', 'passed']);
  });

  it('fails a broken promise: exit 1, JUnit failure, the line of the YAML in a code frame, what was seen instead', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: counts by itself
    steps:
      - expect:
          - metric: counted_total
            of: counter
            increases-by: 1
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/suites\/a\.suite\.yaml:8:13/);
    expect(output).toMatch(/\n {2}> +8 \| {11}- metric: counted_total\n/);
    expect(output).toMatch(/promised +.*increases by exactly 1\n {2}seen +increased by 0/);
    const [suite] = project.junit().testsuites.testsuite;
    expect(suite?.testcase[0]?.failure?.message).toContain('increases by exactly 1');
    expect(suite?.testcase[0]).not.toHaveProperty('error');
  });

  it('is inconclusive, not failed, where a check saw no data: exit 3, JUnit error', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: looks at a series that is not there
    steps:
      - expect: { metric: counted_totl, of: counter, equals: 0 }
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(3);
    expect(output).toContain('counted_total');
    const [suite] = project.junit().testsuites.testsuite;
    expect(suite?.testcase[0]?.error?.type).toBe('CHECK_INCONCLUSIVE');
    expect(suite?.testcase[0]).not.toHaveProperty('failure');
  });

  it('lets a failed case decide over an inconclusive one, and goes on after both', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: unclear
    steps: [{ expect: { metric: nothing, of: counter, equals: 0 } }]
  - case: broken
    steps: [{ expect: { service: counter, state: exited } }]
  - case: fine
    steps: [{ expect: { service: counter, state: ready } }]
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('1 passed, 1 failed, 1 inconclusive');
    expect(exitCode).toBe(1);
  });

  it('runs what is selected and nothing else; selecting nothing is an error', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: one
    tags: [quick]
    steps: [{ expect: { service: counter, state: ready } }]
  - case: two
    priority: P3
    steps: [{ expect: { service: counter, state: ready } }]
`,
    );
    for (const [args, title] of [
      [['--priority', 'P3'], 'two'],
      [['--tag', 'quick'], 'one'],
      [['--case', 'TWO'], 'two'],
    ] as const) {
      const { exitCode } = await project.cli(['run', ...args]);
      expect(exitCode).toBe(0);
      expect(project.result().suites.flatMap((suite) => suite.cases.map((kase) => kase.title))).toEqual([title]);
    }
    // A script that selects some can be told to select others.
    await project.cli(['run', '--priority', 'P1', '--priority', 'P1,P3']);
    expect(project.result().suites.flatMap((suite) => suite.cases)).toHaveLength(2);
    const none = await project.cli(['run', '--priority', 'P2']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('no case of 1 suites matches --priority P2');
  });

  it('is never green when every case is skipped', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: not now
    skip: waits for a fix
    steps: [{ expect: { service: counter, state: ready } }]
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(3);
    expect(output).toContain('waits for a fix');
  });

  it('runs suites side by side, each in its own environment', async () => {
    for (const name of ['a', 'b', 'c']) {
      project.write(
        `suites/${name}.suite.yaml`,
        `suite: ${name}\npriority: P1\nenvironment: tiny\ncases:
  - case: counts alone
    steps:
      - request: { url: "http://counter:8000/count" }
      - wait: 300ms
      - expect: { metric: counted_total, of: counter, equals: 1 }
`,
      );
    }
    const { exitCode, output } = await project.cli(['run', '--parallel', '3']);
    expect(output).toContain('3 passed');
    expect(exitCode).toBe(0);
  });

  it('says why a service did not come up, with its last words, as inconclusive', async () => {
    project.write('counter.mjs', "console.log('cannot open the vault'); process.exit(4);");
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:\n  - case: any\n    steps: [{ expect: { service: counter, state: ready } }]\n`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(exitCode).toBe(3);
    expect(output).toMatch(/counter/);
    expect(output).toContain('cannot open the vault');
    expect(output).toMatch(/code 4/);
  });

  it('saves values of answers for later steps, and holds answers to what is asked', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:
  - case: saved
    steps:
      - request: { url: "http://counter:8000/json", status: 200, json: { id: /^a/ }, save: { id: $.id } }
      - request: { url: "http://counter:8000/\${id}", status: 200 }
  - case: refused
    steps:
      - request: { url: "http://counter:8000/json", json: { id: b2 } }
`,
    );
    const { exitCode, output } = await project.cli(['run']);
    expect(output).toContain('1 passed, 1 failed');
    expect(output).toContain('was "a1"');
    expect(exitCode).toBe(1);
  });

  it('hides secrets in everything that is shown or stored', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}services:
  counter: { environment: { TOKEN: "\${secret.TOKEN}" } }
cases:
  - case: keeps quiet
    steps:
      - expect: { log: { of: counter, where: { secret: "\${secret.TOKEN}" } }, count: 7 }
`,
    );
    const { exitCode, output } = await project.cli(['run'], { env: { TOKEN: 'hunter2-hunter2' } });
    expect(exitCode).toBe(1);
    const { execa } = await import('execa');
    const found = await execa('grep', ['-rl', 'hunter2', project.runFolder()], { reject: false });
    expect(output).not.toContain('hunter2');
    expect(found.stdout).toBe('');
  });

  it('ends on Ctrl-C with everything cleaned up, exit 130, and a report', async () => {
    project.write(
      'suites/a.suite.yaml',
      `${head}cases:\n  - case: long\n    steps:\n      - wait: 60s\n      - expect: { service: counter, state: ready }\n`,
    );
    const running = project.start(['run']);
    let output = '';
    await new Promise<void>((resolve, reject) => {
      running.all?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('long')) resolve();
      });
      running.then(() => reject(new Error(`ended early: ${output}`)));
    });
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(output).toContain('interrupted');
    expect(project.result().exitCode).toBe(130);
  });

  it('refuses unknown commands and options with a suggestion and exit 2', async () => {
    const command = await project.cli(['rnu']);
    expect(command.exitCode).toBe(2);
    expect(command.stderr).toContain('run');
    const option = await project.cli(['run', '--priorty', 'P1']);
    expect(option.exitCode).toBe(2);
    expect(option.stderr).toContain('--priority');
    const value = await project.cli(['run', '--priority', 'P7']);
    expect(value.exitCode).toBe(2);
  });
});
