// How soon a fault lands after its step has begun, and how well recovery is timed: against a service that recovers by a script, a known
// time after each outage, and says itself when it did.
//
//   node harness/bench/fault-timing.ts [rounds]
//
// Exit 1 when a bar is missed: 50 ms to inject (median and largest are printed), 300 ms of error in recovery.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProject } from '../src/cli/testing/project.ts';
import type { TimelineEvent } from '../src/model/timeline.ts';

const INJECTED_WITHIN_MS = 50;
const RECOVERY_ERROR_MS = 300;
const rounds = Number(process.argv[2] ?? 5);

/** Down from SIGSTOP until `heal` ms after SIGCONT; tells by metric, log and HTTP. */
const SERVICE = `
import { createServer } from 'node:http';
let well = 1;
let healMs = 0;
const log = (fields) => console.log(JSON.stringify({ at: Date.now(), ...fields }));
process.on('SIGCONT', () => {
  well = 0;
  setTimeout(() => { well = 1; log({ msg: 'well again' }); }, healMs);
});
createServer((request, response) => {
  const heal = /^\\/heal\\/(\\d+)$/.exec(request.url);
  if (heal) healMs = Number(heal[1]);
  if (request.url === '/metrics') response.end('# TYPE well gauge\\nwell ' + well + '\\n');
  else { response.statusCode = request.url === '/work' && !well ? 503 : 200; response.end(); }
}).listen(Number(process.env.PORT_8000), '127.0.0.1');
`;
const HEAL_MS = [0, 400, 1_500];
const CHECKS: Record<string, string> = {
  metric: 'metric: well, of: patient, equals: 1',
  log: 'log: { of: patient, where: { msg: well again } }, during: outage',
  http: 'http: "http://patient:8000/work", status: 200',
};

const project = createProject();
project.write('counter.mjs', SERVICE);
project.write(
  'compose/tiny/compose.yaml',
  `name: tiny
services:
  patient:
    image: none
    ports: ["8000"]
    x-testcard:
      embedded: { run: [node, counter.mjs] }
      ready: { http: "http://patient:8000/health" }
      metrics: "http://patient:8000/metrics"
      logs: json
`,
);
// A sick gauge must have been seen before a well one means anything: the metric is awaited at 0 first.
const cases = HEAL_MS.flatMap((healMs) =>
  Object.entries(CHECKS).map(
    ([name, check]) => `  - case: ${name} after ${healMs} ms
    steps:
      - request: { url: "http://patient:8000/heal/${healMs}" }
      - phase: outage
      - service: { pause: patient, for: 700ms }
      - eventually: { within: 5s, service: patient, state: ready }
      - eventually: { within: 10s, ${check}, recovers-within: 5s }
`,
  ),
);
project.write('suites/a.suite.yaml', `suite: timing\npriority: P3\nenvironment: tiny\ncases:\n${cases.join('')}`);

const injections: number[] = [];
const errors: { name: string; errorMs: number }[] = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    const { exitCode, output } = await project.cli(['run']);
    if (exitCode !== 0) throw new Error(`round ${round} ended with ${exitCode}:\n${output}`);
    const files = globSync('reports/*/suites/*/timeline.ndjson', { cwd: project.folder }).sort();
    const lines = readFileSync(join(project.folder, files.at(-1) ?? ''), 'utf8')
      .trim()
      .split('\n');
    read(lines.map((line) => JSON.parse(line) as TimelineEvent));
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
} finally {
  project.remove();
}

function read(events: TimelineEvent[]): void {
  for (const [index, event] of events.entries()) {
    const before = events.slice(0, index);
    if (event.type === 'fault' && event.state === 'injected') {
      const step = before.findLast((each) => each.type === 'step-started');
      injections.push(event.atMs - (step?.atMs ?? 0));
    }
    if (event.type === 'recovery' && event.promisedMs !== undefined) {
      const title = before.findLast((each) => each.type === 'case-started')?.title ?? '';
      const trueMs = Number(/after (\d+) ms/.exec(title)?.[1]);
      errors.push({ name: title, errorMs: event.recoveryMs - trueMs });
    }
  }
}

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const median = (values: number[]) => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;
const largestInjection = Math.max(...injections);
console.log(
  `injected after its step began: median ${median(injections)} ms, largest ${largestInjection} ms of ${injections.length}`,
);
for (const name of new Set(errors.map((each) => each.name))) {
  const own = errors.filter((each) => each.name === name).map(({ errorMs }) => errorMs);
  console.log(`recovery seen by ${name}: error median ${median(own)} ms, largest ${Math.max(...own.map(Math.abs))} ms`);
}
const largestError = Math.max(...errors.map(({ errorMs }) => Math.abs(errorMs)));
const held = median(injections) <= INJECTED_WITHIN_MS && largestError <= RECOVERY_ERROR_MS && errors.length > 0;
console.log(
  `bars: ${INJECTED_WITHIN_MS} ms to inject (largest ${largestInjection}), ${RECOVERY_ERROR_MS} ms of recovery error (largest ${largestError}): ${held ? 'held' : 'MISSED'}`,
);
process.exitCode = held ? 0 : 1;
