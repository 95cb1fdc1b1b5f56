// A stored run made up for tests of the report: two suites, one broken promise with everything around it that a report can show.

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openNdjson } from '../../../base/ndjson.ts';
import type { Measurements } from '../../../model/measurements.ts';
import type { CaseResult, RunResult } from '../../../model/results.ts';
import type { TimelineEvent } from '../../../model/timeline.ts';

export const STARTED_AT_MS = Date.UTC(2026, 10, 21, 9, 0, 0);
/** Where the case's own clock begins, and where its promise is seen broken. */
export const ZERO_MS = 3_000;
export const BROKEN_MS = 21_300;
const CASE = 'speech-comes-back-after-the-link-was-cut';
const TITLE = 'speech comes back after the link was cut';
/** Instant and stream time of the recording's first packet. */
const RECORDED_FROM_MS = 4_200;
const STREAM_FROM_MS = 10_000;

export interface MadeRun {
  folder: string;
  suite: string;
  case: string;
}

const YAML = `suite: link-loss
description: What the worker does while speech cannot be reached.
priority: P1
environment: demo

cases:
  - case: ${TITLE}
    timeout: 90s
    throughout:
      - log: { of: worker, where: { level: [error, fatal] } }
        count: 0
      - metric: worker_in_flight
        of: worker
        at-most: 3
    steps:
      - record: { from: "rtmp://relay:1935/live/out", as: output }
      - publish: { fixture: half-minute, to: "rtsp://relay:8554/live/in" }
      - phase: outage
      - network: { cut: [worker, speech], for: 6s }
      - eventually: # back within five seconds
          within: 5s
          metric: worker_chunks_total{status="processed"}
          of: worker
          increases-by: { at-least: 10 }
      - finish: output
      - expect:
          recording: output
          frames: { lost: 0 }
          content-sync: { within: ebu }

  - case: nothing is lost at rest
    steps:
      - publish: { fixture: half-minute, to: "rtsp://relay:8554/live/in" }
      - expect:
          metric: worker_chunks_total{status="processed"}
          of: worker
          increases-by: { at-least: 1 }
`;

/** Writes the run below `reports`, as \`testcard run\` would have. */
export function makeRun(reports: string, name = '2026-11-21_09-00-00-1'): MadeRun {
  const root = join(reports, '..');
  const folder = join(reports, name);
  const suiteFile = join(root, 'suites/link-loss.suite.yaml');
  const suite = join(folder, 'suites/link-loss');
  const timeline = openNdjson<TimelineEvent>(join(suite, 'timeline.ndjson'));
  const events = [...eventsOf(suiteFile)].sort((a, b) => a.atMs - b.atMs);
  for (const event of events) timeline.append(event);
  timeline.close();
  mkdirSync(join(suite, CASE), { recursive: true });
  const facts = { firstPacketAtMs: STARTED_AT_MS + RECORDED_FROM_MS, firstTimestampMs: STREAM_FROM_MS };
  writeFileSync(join(suite, CASE, 'output.facts.json'), JSON.stringify(facts));
  writeFileSync(join(folder, 'results.json'), JSON.stringify(resultOf(folder, suiteFile)));
  return { folder, suite: 'link-loss', case: CASE };
}

const lineOf = (text: string) => YAML.split('\n').findIndex((line) => line.includes(text)) + 1;
const placeOf = (file: string, text: string) => ({ file, line: lineOf(text), col: 9 });

const EXPECTED = 'worker_chunks_total{status="processed"} of worker: increases by at least 10';
const SEEN = 'increased by 7, 3 too low (1 → 8) by +18.3 s';

function resultOf(folder: string, suiteFile: string): RunResult {
  const broken: CaseResult = {
    case: CASE,
    title: TITLE,
    priority: 'P1',
    tags: ['resilience'],
    at: `suites/link-loss.suite.yaml:${lineOf(TITLE)}`,
    verdict: 'failed',
    elapsedMs: 27_000,
    error: {
      code: 'CHECK_FAILED',
      kind: 'failed',
      message: `${EXPECTED} — ${SEEN} (looked 20 times in 5s)`,
      position: placeOf(suiteFile, 'metric: worker_chunks_total'),
      detail: { verdict: 'failed', expected: EXPECTED, seen: SEEN, atMs: STARTED_AT_MS + BROKEN_MS },
    },
    figures: [
      { name: 'output · content-sync', value: 'median +52.1 ms', promised: 'within ebu', verdict: 'failed' },
      { name: 'output · lost', value: '9 of 700', promised: 'no frame lost', verdict: 'failed' },
    ],
  };
  const well: CaseResult = {
    case: 'nothing-is-lost-at-rest',
    title: 'nothing is lost at rest',
    priority: 'P2',
    tags: [],
    at: `suites/link-loss.suite.yaml:${lineOf('nothing is lost')}`,
    verdict: 'passed',
    elapsedMs: 6_000,
    figures: [],
    attempts: [
      {
        round: 1,
        retry: 0,
        verdict: 'failed',
        elapsedMs: 6_100,
        folder: 'reports/x/suites/link-loss/nothing-is-lost-at-rest',
      },
      {
        round: 1,
        retry: 1,
        verdict: 'passed',
        elapsedMs: 6_000,
        folder: 'reports/x/retry-1/suites/link-loss/nothing-is-lost-at-rest',
      },
    ],
  };
  return {
    run: basename(folder),
    folder: `reports/${basename(folder)}`,
    command: 'testcard run --priority P1,P2',
    startedAtMs: STARTED_AT_MS,
    elapsedMs: 42_000,
    verdict: 'failed',
    exitCode: 1,
    suites: [
      {
        suite: 'link-loss',
        name: 'link-loss',
        file: 'suites/link-loss.suite.yaml',
        verdict: 'failed',
        elapsedMs: 40_000,
        readyAfterMs: 1_900,
        cases: [broken, well],
        errors: [],
      },
    ],
    errors: [],
    machine: { testcard: '0.1.0', node: '24.21.0', ffmpeg: '5.1', machine: '2 × processor, 8.0 GiB' },
  };
}

function* eventsOf(file: string): Generator<TimelineEvent> {
  const at = (ms: number) => STARTED_AT_MS + ms;
  const own = { case: CASE } as const;
  yield {
    type: 'suite-started',
    atMs: at(0),
    suite: 'link-loss',
    file,
    environment: join(file, '../../compose/demo/compose.yaml'),
    runtime: 'embedded',
    cases: [TITLE, 'nothing is lost at rest'],
    sources: [{ file, text: YAML }],
  };
  for (const [index, service] of ['relay', 'speech', 'worker'].entries()) {
    yield { type: 'service', atMs: at(10 + index), service, state: 'starting', restarts: 0 };
    yield { type: 'service', atMs: at(900 + index * 600), service, state: 'ready', restarts: 0 };
  }
  yield {
    type: 'case-started',
    atMs: at(2_800),
    ...own,
    title: TITLE,
    position: placeOf(file, TITLE),
    timeoutMs: 90_000,
  };
  yield* stepsOf(file);
  yield { type: 'activity', atMs: at(3_050), ...own, name: 'output', kind: 'recording', state: 'started' };
  yield { type: 'activity', atMs: at(3_400), ...own, name: 'half-minute', kind: 'publisher', state: 'started' };
  yield { type: 'phase', atMs: at(10_000), ...own, name: 'outage' };
  const fault = {
    type: 'fault',
    ...own,
    fault: `${CASE}-1`,
    kind: 'network.cut',
    title: 'cut worker ↔ speech',
  } as const;
  const proof = (seen: string) => ({ holds: true, by: 'a connection of Testcard’s own', seen });
  yield { ...fault, atMs: at(10_100), state: 'asked' };
  yield { ...fault, atMs: at(10_150), state: 'injected' };
  yield { ...fault, atMs: at(10_190), state: 'proven', proof: proof('refused') };
  yield { ...fault, atMs: at(16_150), state: 'reverting' };
  yield { ...fault, atMs: at(16_210), state: 'reverted', proof: proof('connected after 2 ms') };
  yield {
    type: 'service',
    atMs: at(20_400),
    service: 'speech',
    state: 'exited',
    exitCode: 137,
    signal: 'SIGKILL',
    restarts: 0,
  };
  yield { type: 'service', atMs: at(20_700), service: 'speech', state: 'starting', restarts: 1 };
  yield { type: 'service', atMs: at(22_400), service: 'speech', state: 'ready', restarts: 1 };
  yield* samplesOf(at);
  yield* linesOf(at);
  yield* checksOf(file, at);
  yield { type: 'activity', atMs: at(26_900), ...own, name: 'output', kind: 'recording', state: 'ended' };
  yield { type: 'measurement', atMs: at(29_000), ...own, recording: 'output', measurements: measured() };
  const error = { code: 'CHECK_FAILED', kind: 'failed', message: `${EXPECTED} — ${SEEN}` };
  yield { type: 'case-ended', atMs: at(29_800), ...own, verdict: 'failed', elapsedMs: 27_000, error };
  yield* secondCase(file, at);
}

function* stepsOf(file: string): Generator<TimelineEvent> {
  const steps: [title: string, place: string, fromMs: number, toMs: number, verdict?: 'failed'][] = [
    ['record rtmp://relay:1935/live/out as output', 'record:', 3_000, 3_050],
    ['publish half-minute to rtsp://relay:8554/live/in', 'publish:', 3_060, 3_400],
    ['cut worker ↔ speech for 6s', 'network:', 10_000, 10_200],
    [
      'eventually, within 5s: metric worker_chunks_total{status="processed"} of worker: increases by at least 10',
      'eventually:',
      16_300,
      BROKEN_MS,
      'failed',
    ],
  ];
  for (const [index, [title, place, fromMs, toMs, verdict = 'passed']] of steps.entries()) {
    const step = { case: CASE, step: String(index) } as const;
    yield {
      type: 'step-started',
      atMs: STARTED_AT_MS + fromMs,
      ...step,
      title,
      position: placeOf(file, place),
      depth: 0,
    };
    if (verdict === 'failed') {
      const waitingFor = 'metric worker_chunks_total{status="processed"} of worker: increases by at least 10';
      for (let ms = fromMs; ms < toMs; ms += 500)
        yield { type: 'step-progress', atMs: STARTED_AT_MS + ms, ...step, waitingFor, last: ms > 17_000 ? 7 : 6 };
    }
    yield { type: 'step-ended', atMs: STARTED_AT_MS + toMs, ...step, verdict, elapsedMs: toMs - fromMs };
  }
}

function* checksOf(file: string, at: (ms: number) => number): Generator<TimelineEvent> {
  const how = 'expect' as const;
  const check = { type: 'check', case: CASE } as const;
  yield {
    ...check,
    atMs: at(BROKEN_MS + 1),
    title: `metric ${EXPECTED}`,
    position: placeOf(file, 'metric: worker_chunks_total'),
    how: 'eventually',
    judgement: {
      verdict: 'failed',
      expected: EXPECTED,
      seen: SEEN,
      atMs: at(BROKEN_MS),
      last: 7,
      detail: { value: 7, from: 1, to: 8, resets: [] },
    },
  };
  yield {
    ...check,
    atMs: at(29_100),
    title: 'recording output: no frame lost',
    position: placeOf(file, 'recording: output'),
    how,
    judgement: {
      verdict: 'failed',
      expected: 'no frame lost',
      seen: '9 of 700 frames lost, the first at 21.5 s of the stream',
    },
  };
  yield {
    ...check,
    atMs: at(29_200),
    title: 'recording output: sound against picture within ebu (40 ms early to 60 ms late)',
    position: placeOf(file, 'recording: output'),
    how,
    judgement: {
      verdict: 'passed',
      expected: 'sound against picture within ebu (40 ms early to 60 ms late)',
      seen: 'median +12 ms',
    },
  };
  yield {
    ...check,
    atMs: at(29_300),
    title: 'metric worker_in_flight of worker: at most 3',
    position: placeOf(file, 'metric: worker_in_flight'),
    how: 'throughout',
    judgement: { verdict: 'passed', expected: 'worker_in_flight of worker: at most 3', seen: 'saw at most 3' },
  };
}

function* samplesOf(at: (ms: number) => number): Generator<TimelineEvent> {
  let sent = 0;
  let processed = 0;
  for (let ms = 2_000; ms < 38_000; ms += 250) {
    const isCut = ms > 10_150 && ms < 16_210;
    if (ms % 1_500 === 0) sent += 1;
    if (ms % 1_500 === 500 && !isCut && (ms < 20_000 || ms > 26_000)) processed += 1;
    yield {
      type: 'metrics',
      atMs: at(ms + 7),
      service: 'worker',
      values: {
        'worker_chunks_total{status="sent"}': sent,
        'worker_chunks_total{status="processed"}': processed,
        worker_in_flight: Math.max(0, Math.min(3, sent - processed)),
        process_resident_memory_bytes: 120e6 + ms * 400 + Math.sin(ms / 900) * 3e6,
      },
    };
  }
}

function* linesOf(at: (ms: number) => number): Generator<TimelineEvent> {
  const line = (ms: number, service: string, level: string, msg: string, more: object = {}): TimelineEvent => ({
    type: 'log',
    atMs: at(ms),
    service,
    stream: 'stdout',
    text: JSON.stringify({ level, time: at(ms), service, msg, ...more }),
  });
  for (let ms = 3_500; ms < 29_000; ms += 430)
    yield line(ms, 'worker', 'debug', 'chunk queued', { sequence: Math.round(ms / 430) });
  for (let ms = 3_900; ms < 29_000; ms += 1_500)
    yield line(ms, 'speech', 'info', 'chunk received', { sequence: Math.round(ms / 1_500) });
  yield line(3_450, 'relay', 'info', 'publisher joined', { path: 'live/in' });
  yield line(10_160, 'worker', 'warn', 'connection to speech lost', { reason: 'reset', attempt: 1 });
  yield line(12_200, 'worker', 'warn', 'reconnection attempt failed', { attempt: 2, next_ms: 4_000 });
  yield line(16_300, 'worker', 'info', 'reconnected', { attempt: 3 });
  yield line(20_390, 'speech', 'error', 'out of memory while loading the voice model', {
    voice: 'en-1',
    bytes: 734003200,
  });
  yield line(20_410, 'worker', 'error', 'speech closed the connection', { code: 1006, in_flight: 3 });
}

function measured(): Measurements {
  const sine = (second: number) => 12 + 9 * Math.sin(second / 3) + (second > 10 && second < 14 ? 38 : 0);
  const events = Array.from({ length: 22 }, (_, second) => ({
    atMs: STREAM_FROM_MS + 500 + second * 1_000,
    second,
    offsetMs: Number(sine(second).toFixed(2)),
  }));
  return {
    file: 'output.flv',
    sizeBytes: 5_000_000,
    tookMs: 1_500,
    streams: [],
    'content-sync': {
      events,
      offset: { n: 22, min: 3, p5: 3, median: 12, p95: 58, p99: 59, max: 59 },
      unmatchedFlashes: 0,
      unmatchedBeeps: 0,
      driftPpm: { slope: -3, low: -12, high: 6 },
      errorBoundMs: 2.3,
    },
    frames: {
      total: 691,
      unreadable: 0,
      lost: 9,
      duplicated: 2,
      backward: 0,
      frameRate: 30,
      defects: [
        { kind: 'lost', atMs: STREAM_FROM_MS + 11_500, number: 345, count: 9 },
        { kind: 'duplicated', atMs: STREAM_FROM_MS + 14_000, number: 411, count: 2 },
      ],
    },
    gaps: {
      freezes: [{ atMs: STREAM_FROM_MS + 11_500, durationMs: 330 }],
      video: [{ atMs: STREAM_FROM_MS + 11_500, durationMs: 330 }],
      audio: [{ atMs: STREAM_FROM_MS + 16_900, durationMs: 1_240 }],
      pilotFound: true,
    },
  };
}

function* secondCase(file: string, at: (ms: number) => number): Generator<TimelineEvent> {
  const own = { case: 'nothing-is-lost-at-rest' } as const;
  const position = placeOf(file, 'nothing is lost');
  yield {
    type: 'case-started',
    atMs: at(30_500),
    ...own,
    title: 'nothing is lost at rest',
    position,
    timeoutMs: 60_000,
  };
  yield { type: 'step-started', atMs: at(30_600), ...own, step: '0', title: 'publish half-minute', position, depth: 0 };
  yield { type: 'step-ended', atMs: at(36_000), ...own, step: '0', verdict: 'passed', elapsedMs: 5_400 };
  yield { type: 'case-ended', atMs: at(36_500), ...own, verdict: 'passed', elapsedMs: 6_000 };
  yield { type: 'suite-ended', atMs: at(38_000), suite: 'link-loss', verdict: 'failed', elapsedMs: 38_000 };
}
