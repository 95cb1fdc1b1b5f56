import { afterEach, beforeEach, expect, it } from 'vitest';
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
  - case: says who it is
    steps:
      - request: { url: "http://counter:8000/who", status: 200, json: { name: the other } }
`,
  );
  project.write(
    'other.mjs',
    `import { createServer } from 'node:http';
    createServer((request, response) => {
      console.log(JSON.stringify({ msg: 'I am ' + process.env.TOKEN }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name: process.env.TOKEN }));
    }).listen(Number(process.env.PORT_8000), '127.0.0.1');`,
  );
  project.write(
    'over/other.yaml',
    'services: { counter: { environment: { TOKEN: the other }, x-testcard: { embedded: { run: [node, other.mjs] } } } }',
  );
});
afterEach(() => project.remove());

it('runs suites against the Compose file with another laid over it', async () => {
  const without = await project.cli(['run']);
  expect(without.exitCode).toBe(1);
  const over = await project.cli(['run', '--override', 'over/other.yaml']);
  expect(over.output).toContain('1 passed');
  expect(over.exitCode).toBe(0);
});

it('lets the last of several decide', async () => {
  project.write('over/last.yaml', 'services: { counter: { environment: { TOKEN: somebody } } }\n');
  const both = ['--override', 'over/last.yaml', '--override', 'over/other.yaml'];
  expect(await project.cli(['run', ...both])).toMatchObject({ exitCode: 0 });
  expect(await project.cli(['run', ...both.slice(2), ...both.slice(0, 2)])).toMatchObject({ exitCode: 1 });
});

it('shows what is wrong with it at its place, in every command that takes it', async () => {
  project.write('over/bad.yaml', 'services:\n  counter:\n    x-testcard: { metrics: "http://counter:1/" }\n');
  for (const command of ['validate', 'list', 'plan', 'run']) {
    const { exitCode, output } = await project.cli([command, '--override', 'over/bad.yaml']);
    expect(exitCode).toBe(2);
    expect(output).toContain('over/bad.yaml:3:28');
  }
  const none = await project.cli(['validate', '--override', 'over/none.yaml']);
  expect(none.exitCode).toBe(2);
  expect(none.output).toContain('over/none.yaml does not exist');
});

it('brings the environment up with it, detached too', async () => {
  const up = await project.cli(['up', 'tiny', '--detach', '--override', 'over/other.yaml']);
  try {
    expect(up.exitCode).toBe(0);
    expect((await project.cli(['logs'])).stdout).toContain('I am the other');
  } finally {
    await project.cli(['down']);
  }
});
