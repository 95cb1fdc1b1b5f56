// Prints what the live console costs while suites run side by side: processor time and memory of following their timelines and drawing.
//
//   node harness/bench/console-cost.ts [suites=8] [seconds=30]
//
// Another process writes the timelines as suites do: every second 4 scrapes of 300 series, 125 log lines, 2 looks of a waiting step, in each
// suite. Only this process is measured, which does what `testcard run` does on a terminal.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsoleView } from '../src/report/console.ts';
import { tailTimelines } from '../src/report/tail-timelines.ts';

/** The promise: of one core. */
const BAR = 0.01;

const WRITER = `
const { mkdirSync, openSync, writeSync } = require('node:fs');
const [folder, suites] = process.argv.slice(1);
const values = Object.fromEntries(Array.from({ length: 300 }, (_, i) => ['series_' + i + '{label="value"}', i * 1.5]));
for (let n = 0; n < Number(suites); n += 1) {
  mkdirSync(folder + '/suites/suite-' + n, { recursive: true });
  const fd = openSync(folder + '/suites/suite-' + n + '/timeline.ndjson', 'a');
  const write = (event) => writeSync(fd, JSON.stringify({ type: event.type, atMs: Date.now(), ...event }) + '\\n');
  const position = { file: '/s.yaml', line: 1, col: 1 };
  let last = 0;
  const begin = (kase) => {
    write({ type: 'case-started', case: kase, title: 'a case that goes on for some time', position, timeoutMs: 60000 });
    write({ type: 'step-started', case: kase, step: '0', title: 'eventually', position, depth: 0, budgetMs: 20000 });
    write({ type: 'fault', case: kase, fault: kase, kind: 'network.cut', title: 'cut a and b', state: 'injected' });
  };
  begin('case-0');
  setInterval(() => write({ type: 'metrics', service: 'worker', values }), 250);
  setInterval(() => { for (let i = 0; i < 25; i += 1) write({ type: 'log', service: 'worker', stream: 'stdout', text: '{"level":"info","msg":"frame decoded","n":' + i + '}' }); }, 200);
  setInterval(() => write({ type: 'step-progress', case: 'case-0', step: '0', waitingFor: 'metric worker_frames_total{status="processed"} of worker: increases by exactly 1000', last: (last += 7) }), 500);
}
`;

const suites = Number(process.argv[2] ?? 8);
const seconds = Number(process.argv[3] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'testcard-console-cost-'));
const writer = spawn(process.execPath, ['-e', WRITER, folder, String(suites)], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
let written = 0;
const screen = {
  columns: 120,
  rows: 40,
  write(text: string) {
    written += text.length;
  },
};
const view = createConsoleView({ out: screen, color: true, live: true });
view.begin(suites);
const skip = ['metrics', 'measurement', 'look', 'answer', 'saved', 'log'] as const;
const tail = tailTimelines(folder, (suite, event) => view.event(suite, event), skip);
const after = (ms: number) => new Promise((done) => setTimeout(done, ms));
await after(2_000); // compiled, and every suite seen
const before = process.cpuUsage();
written = 0;
const startedAt = performance.now();
await after(seconds * 1_000);
const { user, system } = process.cpuUsage(before);
const share = (user + system) / 1_000 / (performance.now() - startedAt);
tail.close();
view.close();
writer.kill();
rmSync(folder, { recursive: true, force: true });
const rss = process.memoryUsage.rss() / 1024 / 1024;
process.stdout.write(
  `${suites} suites, ${seconds} s: ${(share * 100).toFixed(2)} % of one core (bar ${BAR * 100} %), ${(written / seconds / 1024).toFixed(1)} KiB/s to the terminal, ${rss.toFixed(0)} MiB resident\n`,
);
process.exitCode = share <= BAR ? 0 : 1;
