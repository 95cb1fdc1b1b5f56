// What watching costs: ten services sampled four times a second that log a thousand lines a second between them.
//
//   node harness/bench/observers.ts [seconds, default 60]
//
// Measured is the process that observes, from its own accounting: the services are processes of their own. Memory is what comes on top of the
// program itself, loaded and with its suite read. Exit 1 when it takes more than 3 % of a processor or 150 MB, or when a line or a sample is missing.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseForRun } from '../src/assembly/load-suites.ts';
import { openSuiteWorld } from '../src/assembly/suite-world.ts';
import { runCase } from '../src/engine/run-case.ts';
import type { TimelineEvent } from '../src/model/timeline.ts';
import { ownFromHere } from '../src/runtime/ownership/owner.ts';

const SERVICES = 10;
const LINES_A_SECOND = 1_000;
const SAMPLES_A_SECOND = 4;
const MOST_PERCENT = 3;
const MOST_MB = 150;
/** A sampler that is never late would take all of them; a busy machine takes a few. */
const LEAST_SAMPLES = 0.95;

const seconds = Number(process.argv[2] ?? 60);
const everyMs = (1_000 * SERVICES) / LINES_A_SECOND;

/** Logs numbered lines at a steady rate, however late its timers are, and offers fifty series, of which five move. */
const SERVICE = `
import { createServer } from 'node:http';
let lines = 0;
const startedAt = performance.now();
setInterval(() => {
  for (const due = (performance.now() - startedAt) / ${everyMs}; lines < due; lines += 1)
    console.log(JSON.stringify({ level: 'info', timestamp: Date.now() / 1000, msg: 'frame sent', number: lines, fragment: { id: 'f' + lines, ms: 40 } }));
}, ${everyMs});
createServer((request, response) => {
  if (request.url !== '/metrics') return response.end('ok');
  let text = '# TYPE lines_total counter\\nlines_total ' + lines + '\\n# TYPE steady gauge\\n';
  for (let n = 0; n < 45; n += 1) text += 'steady{n="' + n + '"} ' + n + '\\n';
  for (let n = 0; n < 4; n += 1) text += 'moving{n="' + n + '"} ' + (lines + n) + '\\n';
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
const compose = (script: string) => `name: observed
services:
${names
  .map(
    (name) => `  ${name}:
    image: none
    ports: ["8000"]
    environment: { PORT: "8000" }
    x-testcard:
      embedded: { run: [node, ${script}] }
      ready: { http: "http://${name}:8000/" }
      metrics: http://${name}:8000/metrics
      logs: json`,
  )
  .join('\n')}
`;

const suite = `suite: observed
environment: observed
cases:
  - case: watched
    timeout: ${seconds + 60}s
    steps:
      - wait: ${seconds}s
      - expect:
          - { log: { of: service-0, where: { level: error } }, count: 0 }
          - { metric: lines_total, of: service-1, increases-by: { at-least: ${seconds * 50} } }
`;

const root = mkdtempSync(join(tmpdir(), 'testcard-observers-'));
const back = process.cwd();
try {
  mkdirSync(join(root, 'compose/observed'), { recursive: true });
  mkdirSync(join(root, 'suites'));
  const script = join(root, 'service.mjs');
  writeFileSync(script, SERVICE);
  writeFileSync(join(root, 'compose/observed/compose.yaml'), compose(script));
  const file = join(root, 'suites/observed.suite.yaml');
  writeFileSync(file, suite);
  process.chdir(root);
  ownFromHere();
  const parsed = await parseForRun(file, suite);
  const folder = join(root, 'reports/bench');
  const signal = new AbortController().signal;
  const options = { runId: 'bench', folder, runtime: 'embedded', keep: false } as const;
  const ownMb = process.memoryUsage.rss() / 1e6;
  const world = await openSuiteWorld(parsed, options, signal);
  const [kase] = parsed.cases;
  if (!kase) throw new Error('no case');
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, process.memoryUsage.rss() / 1e6);
  }, 1_000);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const outcome = await runCase(kase, world.forCase(kase), signal);
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  clearInterval(watch);
  await world.close();
  const seen = look(join(folder, 'suites/observed/timeline.ndjson'), tookMs);
  const percent = (user + system) / 10 / tookMs;
  console.log(`verdict         ${outcome.verdict}${outcome.error ? `: ${outcome.error.message}` : ''}`);
  console.log(
    `processor       ${percent.toFixed(2)} % of one (${(user / 10 / tookMs).toFixed(2)} itself, ${(system / 10 / tookMs).toFixed(2)} the system for it), over ${(tookMs / 1_000).toFixed(1)} s (at most ${MOST_PERCENT} %)`,
  );
  const addedMb = peakMb - ownMb;
  console.log(
    `memory          ${addedMb.toFixed(0)} MB on top of the program's ${ownMb.toFixed(0)} MB (at most ${MOST_MB} MB)`,
  );
  console.log(
    `lines           ${seen.lines} in the case, ${(seen.lines / (tookMs / 1_000)).toFixed(0)} a second; missing ${seen.missing}`,
  );
  console.log(
    `samples         ${seen.samples} in the case, ${(seen.share * 100).toFixed(1)} % of what four a second come to`,
  );
  console.log(`timeline        ${(seen.bytes / 1e6).toFixed(1)} MB`);
  const holds = percent <= MOST_PERCENT && addedMb <= MOST_MB && seen.missing === 0 && seen.share >= LEAST_SAMPLES;
  process.exitCode = holds && outcome.verdict === 'passed' ? 0 : 1;
} finally {
  process.chdir(back);
  rmSync(root, { recursive: true, force: true });
}

/** Whether what the services wrote is all there: numbers without a hole from the first to the last. */
function look(
  path: string,
  tookMs: number,
): { lines: number; missing: number; samples: number; share: number; bytes: number } {
  const text = readFileSync(path, 'utf8');
  const next = new Map<string, number>();
  let [lines, missing, samples, isIn] = [0, 0, 0, false];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as TimelineEvent;
    if (event.type === 'baseline') isIn = true;
    if (event.type === 'case-ended') isIn = false;
    if (isIn && event.type === 'metrics') samples += 1;
    if (event.type !== 'log') continue;
    if (isIn) lines += 1;
    const { number } = JSON.parse(event.text) as { number: number };
    missing += Math.abs(number - (next.get(event.service) ?? 0));
    next.set(event.service, number + 1);
  }
  const share = samples / ((SERVICES * SAMPLES_A_SECOND * tookMs) / 1_000);
  return { lines, missing, samples, share, bytes: text.length };
}
