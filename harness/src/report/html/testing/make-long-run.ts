// A stored run of one case that took an hour, for measuring: so many series at 4 Hz, so many log lines, spread evenly.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunResult } from '../../../model/results.ts';
import type { TimelineEvent } from '../../../model/timeline.ts';
import { STARTED_AT_MS } from './make-run.ts';

export interface LongRun {
  hours?: number;
  series?: number;
  lines?: number;
}

const HZ = 4;
const SERVICES = ['relay', 'speech', 'worker'];

/** Every series changes at every sample: the most that a timeline can hold. */
export function makeLongRun(reports: string, { hours = 1, series = 300, lines = 100_000 }: LongRun = {}): string {
  const folder = join(reports, '2026-11-21_09-00-00-2');
  const suite = join(folder, 'suites/long');
  mkdirSync(suite, { recursive: true });
  const samples = hours * 3_600 * HZ;
  const fd = openSync(join(suite, 'timeline.ndjson'), 'w');
  let text = '';
  const put = (event: TimelineEvent) => {
    text += `${JSON.stringify(event)}\n`;
    if (text.length < 1 << 20) return;
    writeSync(fd, text);
    text = '';
  };
  const position = { file: '/suites/long.suite.yaml', line: 4, col: 5 };
  const own = { case: 'an-hour' } as const;
  const title = 'an hour at four samples a second';
  put({
    type: 'suite-started',
    atMs: STARTED_AT_MS,
    suite: 'long',
    file: position.file,
    environment: '/compose.yaml',
    runtime: 'embedded',
    cases: [title],
  });
  for (const service of SERVICES) put({ type: 'service', atMs: STARTED_AT_MS, service, state: 'ready', restarts: 0 });
  put({ type: 'case-started', atMs: STARTED_AT_MS, ...own, title, position, timeoutMs: 4e6 });
  const random = seeded(7);
  const values = Array.from({ length: series }, () => 100 * random());
  let line = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    const atMs = STARTED_AT_MS + sample * (1_000 / HZ);
    if (sample % 120 === 0) {
      const step = String(sample / 120);
      const metric = `metric worker_value_${(sample / 120) % 4} of worker: at most 900`;
      put({ type: 'step-started', atMs, ...own, step, title: metric, position, depth: 0 });
      put({ type: 'step-ended', atMs: atMs + 29_000, ...own, step, verdict: 'passed', elapsedMs: 29_000 });
    }
    for (const [index, service] of SERVICES.entries()) {
      const changed: Record<string, number> = {};
      for (let at = index; at < series; at += SERVICES.length) {
        values[at] = Math.round(((values[at] ?? 0) + (random() - 0.5) * 4) * 1_000) / 1_000;
        changed[`${service}_value_${(at - index) / SERVICES.length}`] = values[at] ?? 0;
      }
      put({ type: 'metrics', atMs, service, values: changed });
    }
    for (; line < ((sample + 1) / samples) * lines; line += 1) {
      const service = SERVICES[line % SERVICES.length] ?? '';
      const level = line % 997 === 0 ? 'error' : line % 97 === 0 ? 'warn' : 'info';
      const said = JSON.stringify({
        level,
        time: atMs,
        service,
        msg: `line ${line}`,
        request: Math.floor(random() * 1e9).toString(36),
        took_ms: line % 331,
      });
      put({ type: 'log', atMs: atMs + (line % 7) * 30, service, stream: 'stdout', text: said });
    }
  }
  const endMs = STARTED_AT_MS + hours * 3_600_000;
  put({ type: 'case-ended', atMs: endMs, ...own, verdict: 'passed', elapsedMs: hours * 3_600_000 });
  writeSync(fd, text);
  closeSync(fd);
  writeFileSync(join(folder, 'results.json'), JSON.stringify(resultOf(folder, title, hours)));
  return folder;
}

function resultOf(folder: string, title: string, hours: number): RunResult {
  const elapsedMs = hours * 3_600_000;
  const of = {
    suite: 'long',
    name: 'long',
    file: 'suites/long.suite.yaml',
    verdict: 'passed',
    elapsedMs,
    errors: [],
  } as const;
  const kase = {
    case: 'an-hour',
    title,
    priority: 'P3',
    tags: [],
    at: 'suites/long.suite.yaml:4',
    verdict: 'passed',
    elapsedMs,
    figures: [],
  } as const;
  return {
    run: basename(folder),
    folder: `reports/${basename(folder)}`,
    command: 'testcard run',
    startedAtMs: STARTED_AT_MS,
    elapsedMs,
    verdict: 'passed',
    exitCode: 0,
    suites: [{ ...of, errors: [], cases: [{ ...kase, tags: [], figures: [] }] }],
    errors: [],
  };
}

/** The same numbers each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
