import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project } from './testing/project.ts';

const SECRET = 'p@ss w/ord+"qu<ot>e"-4711';

/** Logs its secret in every way in which programs come to print one. */
const LEAKY_SERVICE = `
import { createServer } from 'node:http';
const secret = process.env.TOKEN;
const base64 = (text) => Buffer.from(text).toString('base64');
const say = (fields) => console.log(JSON.stringify(fields));
createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ secret, url: encodeURIComponent(secret), basic: base64('us:' + secret) }));
}).listen(Number(process.env.PORT_8000), '127.0.0.1', () => {
  say({ level: 'error', msg: 'plain', secret });
  say({ level: 'error', msg: 'nested', body: JSON.stringify({ secret }) });
  say({ level: 'error', msg: 'rtsp://user:' + encodeURIComponent(secret) + '@host/live' });
  say({ level: 'error', msg: '?token=' + new URLSearchParams({ secret }) });
  for (const name of ['', 'u', 'us', 'user:']) say({ level: 'error', msg: 'Authorization: Basic ' + base64(name + secret + name) });
  console.error('token is ' + secret);
  console.error('::error::' + secret);
});
`;

let project: Project;
beforeEach(() => {
  project = createProject();
  project.write('counter.mjs', LEAKY_SERVICE);
  project.write(
    'compose/tiny/compose.yaml',
    `services:
  counter:
    environment: { TOKEN: "\${TOKEN:-}" }
    ports: ["8000"]
    x-testcard: { embedded: { run: [node, counter.mjs] }, logs: json }
`,
  );
  const request = 'url: "http://counter:8000/?key=${secret.TOKEN}"';
  project.write(
    'suites/a.suite.yaml',
    `suite: tiny
priority: P1
tags: [a]
environment: tiny
services: { counter: { environment: { TOKEN: "\${secret.TOKEN}" } } }
cases:
  - case: expects the secret
    steps:
      - request: { ${request}, json: { secret: "not \${secret.TOKEN}" } }
  - case: logs the secret
    steps:
      - expect: { log: { of: counter, where: { secret: "\${secret.TOKEN}" } }, count: 7 }
  - case: asks for the secret in base64
    steps:
      - request: { ${request}, json: { basic: nothing } }
`,
  );
});
afterEach(() => project.remove());

/** What of the secret can be read in a text, by whoever decodes what looks encoded. */
function leaksIn(text: string): string[] {
  const bare = ['ss w/ord', 'ot>e"-47', 'rd+\\"qu', 'ss%20w', 'ss+w%2F', '%3Cot%3E', '&lt;ot&gt;e', '-4711'];
  const plain = bare.filter((part) => text.includes(part));
  const words = text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? [];
  const decoded = words.flatMap((word) =>
    [0, 1, 2, 3].map((skip) => Buffer.from(word.slice(skip), 'base64').toString('latin1')),
  );
  return [...plain, ...decoded.filter((each) => /w\/ord|"qu<ot|-4711/.test(each))];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a secret', () => {
  it('is in nothing that a run shows or leaves: console, logs, timeline, and every report', async () => {
    const summary = join(project.folder, 'step-summary.md');
    const { exitCode, output, stdout } = await project.cli(
      [
        'run',
        ...[
          '--tag',
          `a,${SECRET}`,
          '--verbose',
          '--retry',
          '1',
          '--report',
          'junit=out/junit.xml,tap=out/report.tap,markdown=out/summary.md,json=-',
        ],
      ],
      {
        env: { TOKEN: SECRET, GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: project.folder, GITHUB_STEP_SUMMARY: summary },
      },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain('::error file=suites/a.suite.yaml');
    const files = [...filesBelow(project.runFolder()), ...filesBelow(join(project.folder, 'out')), summary];
    const names = files.map((file) => file.split('/').at(-1));
    for (const name of [
      'timeline.ndjson',
      'counter.log',
      'run.json',
      'results.json',
      'junit.xml',
      'summary.txt',
      'report.html',
    ])
      expect(names).toContain(name);
    const texts = [['output', output] as const, ...files.map((file) => [file, readFileSync(file, 'utf8')] as const)];
    for (const [name, text] of texts) expect({ name, leaks: leaksIn(text) }).toEqual({ name, leaks: [] });
    expect(texts.filter(([, text]) => text.includes('***')).length).toBeGreaterThan(8);
    // Masked, and still what it was: one JSON document, lines of JSON.
    JSON.parse(stdout);
    const [timeline = ''] = files.filter((file) => file.endsWith('timeline.ndjson'));
    for (const line of readFileSync(timeline, 'utf8').trim().split('\n')) JSON.parse(line);
  });

  it('would be found by this test if it were there', () => {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const text of [
      SECRET,
      JSON.stringify(SECRET),
      encodeURIComponent(SECRET),
      base64(SECRET),
      base64(`us:${SECRET}`),
    ])
      expect(leaksIn(text)).not.toEqual([]);
  });
});
