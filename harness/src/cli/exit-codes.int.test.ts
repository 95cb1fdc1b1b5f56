// The exit codes of `testcard run`, as docs/ci/README.md promises them.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project } from './testing/project.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const suite = (...cases: string[]) => `suite: tiny\nenvironment: tiny\ncases:\n${cases.join('')}`;
const holds = '  - case: holds\n    steps: [{ expect: { service: counter, state: ready } }]\n';
const breaks = '  - case: breaks\n    priority: P3\n    steps: [{ expect: { service: counter, state: exited } }]\n';
const unclear =
  '  - case: unclear\n    priority: P3\n    steps: [{ expect: { metric: nothing, of: counter, equals: 0 } }]\n';
const skipped = '  - case: skipped\n    skip: later\n    steps: [{ expect: { service: counter, state: ready } }]\n';
const known = (title: string, expires = '2999-01-01') =>
  `- { case: ${title}, owner: us, url: "https://tracker.example/1", expires: ${expires}, reason: r }\n`;

interface Row {
  what: string;
  code: number;
  args?: string[];
  cases?: string[];
  files?: Record<string, string>;
}

const ROWS: Row[] = [
  { what: 'every promise held', code: 0, cases: [holds] },
  { what: 'one is skipped, the others hold', code: 0, cases: [holds, skipped] },
  { what: 'what broke does not gate', code: 0, cases: [holds, breaks], args: ['--gate', 'P1,P2'] },
  { what: 'what broke is quarantined', code: 0, cases: [holds, breaks], files: { 'quarantine.yaml': known('breaks') } },
  { what: 'a promise was broken', code: 1, cases: [holds, breaks] },
  { what: 'one was broken and another could not be told', code: 1, cases: [unclear, breaks] },
  { what: 'what is quarantined passes', code: 1, cases: [holds], files: { 'quarantine.yaml': known('holds') } },
  {
    what: 'the quarantine expired',
    code: 1,
    cases: [holds, breaks],
    files: { 'quarantine.yaml': known('breaks', '2020-01-01') },
  },
  { what: 'a suite is wrong', code: 2, cases: [holds.replace('state', 'stat')] },
  { what: 'there is no suite', code: 2 },
  { what: 'nothing is selected', code: 2, cases: [holds], args: ['--tag', 'none'] },
  { what: 'the gate is open for all', code: 2, cases: [holds], args: ['--gate', 'P1'] },
  { what: 'an option is unknown', code: 2, cases: [holds], args: ['--fast'] },
  { what: 'the quarantine list is wrong', code: 2, cases: [holds], files: { 'quarantine.yaml': known('hlods') } },
  { what: 'it could not be told', code: 3, cases: [holds, unclear] },
  {
    what: 'all that is quarantined could not be told',
    code: 3,
    cases: [unclear],
    files: { 'quarantine.yaml': known('unclear') },
  },
  { what: 'everything is skipped', code: 3, cases: [skipped] },
  { what: 'a service does not start', code: 3, cases: [holds], files: { 'counter.mjs': 'process.exit(4);' } },
  { what: 'a report cannot be written', code: 3, cases: [holds], args: ['--report', 'tap=package.json/t.tap'] },
];

describe('testcard run ends with', () => {
  it.each(ROWS)('$code when $what', async ({ code, args = [], cases, files = {} }) => {
    if (cases) project.write('suites/a.suite.yaml', suite(...cases));
    for (const [name, text] of Object.entries(files)) project.write(name, text);
    const { exitCode, output } = await project.cli(['run', ...args]);
    expect(exitCode, output).toBe(code);
    if (code === 0 || code === 1) expect(project.result()).toMatchObject({ exitCode: code });
  });
});
