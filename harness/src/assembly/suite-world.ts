// The real world of one suite: its environment, observers, media and clients, put together behind the engine's ports.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { createMask } from '../base/mask.ts';
import { openNdjson } from '../base/ndjson.ts';
import type { CaseWorld } from '../engine/run-case.ts';
import { findEnvironment, requireEnvironment } from '../environment/index.ts';
import { FaultRunner, faultKinds } from '../faults/index.ts';
import { probeStream } from '../media/index.ts';
import type { RunningEnvironment } from '../model/environment.ts';
import { TestcardError, toTestcardError } from '../model/errors.ts';
import type { Figure } from '../model/results.ts';
import type { Case, RuntimeName, Suite } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type Verdict, worseVerdict } from '../model/verdict.ts';
import { createHttpClient, createLogStore, createMetricSampler, createSocketClient } from '../observe/index.ts';
import { faultLedgerOf, faultPortsOf } from '../runtime/embedded/fault-ports.ts';
import { processGuard } from '../runtime/ownership/guard.ts';
import { runtimeOf } from '../runtime/runtimes.ts';
import { CaseMedia } from './case-media.ts';
import { linksOf } from './fault-targets.ts';
import { figuresFrom } from './figures.ts';
import { secretsOf, sourcesOf } from './load-suites.ts';
import { projectFolders } from './project.ts';

/** Crosses from the command to its workers: plain data. */
export interface SuiteRunOptions {
  runId: string;
  /** Absolute path of the run's folder under reports/. */
  folder: string;
  runtime: RuntimeName;
  /** Compose files laid over the environment's, absolute. */
  overrideFiles?: string[];
  /** Keep the recordings of passed cases. */
  keep: boolean;
  /** Cases, as `<suite>/<case>`, that do not end a run with `--bail`. */
  excused?: string[] | undefined;
}

export interface SuiteWorld {
  readyAfterMs: number;
  mask(text: string): string;
  forCase(kase: Case): CaseWorld;
  figuresOf(caseId: string): Figure[];
  /** Lets go of the large evidence of a passed case, unless the run keeps it. */
  caseEnded(kase: Case, verdict: Verdict): void;
  /** Writes what is left of the evidence, then takes everything down. Throws CLEANUP_FAILED. */
  close(): Promise<void>;
}

const STOP_WITHIN_MS = 20_000;
/** What an environment may take beside its cases: images, start, clean-up, measuring. */
const ENVIRONMENT_LEASE_MS = 3_600_000;
/** A fault may be held until its case has been cleaned up after, and no longer. */
const LEASE_MARGIN_MS = 60_000;

/** Starts the suite's environment. Throws what makes every case of it inconclusive; then nothing is left running. */
export async function openSuiteWorld(
  suite: Suite,
  options: SuiteRunOptions | undefined,
  signal: AbortSignal,
): Promise<SuiteWorld> {
  const clock = systemClock;
  const openedAt = clock.monotonicMs();
  const { root, reports } = projectFolders();
  const runFolder = options?.folder ?? join(reports, `editor-${process.pid}`);
  const folder = join(runFolder, 'suites', suite.id);
  mkdirSync(folder, { recursive: true });
  const mask = createMask(secretsOf(suite));
  const timeline = openNdjson<TimelineEvent>(join(folder, 'timeline.ndjson'), { mask, mayWait: comesInBulk });
  const figures = new Map<string, Figure[]>();
  let worst: Verdict = 'passed';
  let timelineLength = 0;
  const emitEvent = (event: TimelineEvent) => {
    timeline.append(event);
    timelineLength += 1;
    if (event.type === 'case-ended' && event.verdict !== 'skipped') worst = worseVerdict(worst, event.verdict);
    if (event.type === 'recovery' || (event.type === 'check' && event.how === 'expect')) {
      figures.set(event.case, [...(figures.get(event.case) ?? []), ...figuresFrom(event)]);
    }
  };
  const composeFile = findEnvironment(suite.environment.ref, suite.file, root, suite.environment.position);
  const spec = requireEnvironment(composeFile, options?.overrideFiles, options?.runtime);
  const jsonLogs = new Set(spec.services.filter((service) => service.logs === 'json').map(({ name }) => name));
  const logs = createLogStore({ isJson: (service) => jsonLogs.has(service) });
  emitEvent({
    type: 'suite-started',
    atMs: clock.nowMs(),
    suite: suite.name,
    file: suite.file,
    environment: spec.file,
    runtime: options?.runtime ?? 'embedded',
    cases: suite.cases.map((kase) => kase.title),
    sources: sourcesOf(suite),
    jsonLogs: [...jsonLogs],
  });
  const runtime = await runtimeOf(options?.runtime ?? 'embedded', clock);
  const environment = await runtime
    .start(spec, {
      overrides: suite.services,
      logFolder: join(folder, 'logs'),
      mask,
      onLog: (line) => {
        logs.append(line);
        emitEvent({ type: 'log', atMs: line.atMs, service: line.service, stream: line.stream, text: line.text });
      },
      onEvent: emitEvent,
      links: linksOf(suite.cases),
      overrideFiles: options?.overrideFiles ?? [],
      labels: { run: options?.runId ?? 'editor', suite: suite.id },
      leaseMs: suite.cases.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0) + ENVIRONMENT_LEASE_MS,
      signal,
    })
    .catch((error: unknown) => {
      timeline.close();
      throw error;
    });
  const resolve = (url: string) => environment.resolve(url);
  const metrics = createMetricSampler({
    targets: spec.services.flatMap(({ name, metrics: url }) =>
      url === undefined ? [] : [{ service: name, url: resolve(url) }],
    ),
    clock,
    onEvent: emitEvent,
  });
  metrics.start();
  const http = createHttpClient({ resolve, clock });
  const sockets = createSocketClient({ resolve: (to) => resolve(addressOf(to, environment)), clock });
  const guard = processGuard();
  const mediaOfCases = new Map<string, CaseMedia>();
  const lost = lossesOf(environment);
  /** What a case that did not pass has left in the services must not fail the next one: they are started again. */
  let isSuspect = false;
  const faultPorts = faultPortsOf(environment, clock, guard);
  const ledger = faultLedgerOf(environment);

  return {
    readyAfterMs: environment.readyAfterMs,
    mask,
    figuresOf: (caseId) => figures.get(caseId) ?? [],
    forCase(kase) {
      const media = new CaseMedia({
        kase,
        folder: join(folder, kase.id),
        resolve: (url, as) => environment.resolve(url, as),
        clock,
        guard,
        emitEvent,
      });
      const faults = new FaultRunner({
        kinds: faultKinds,
        ports: faultPorts,
        ledger,
        clock,
        emitEvent,
        scope: kase.id,
        caseId: kase.id,
        leaseMs: kase.timeoutMs + LEASE_MARGIN_MS,
      });
      mediaOfCases.set(kase.id, media);
      return {
        clock,
        metrics,
        logs,
        services: environment,
        http,
        streams: {
          probe: (url, timeoutMs, probeSignal) => probeStream(resolve(url), timeoutMs, probeSignal, { guard }),
        },
        recordings: media,
        media,
        sockets,
        faults,
        control: faultPorts.services,
        emitEvent,
        timelineLength: () => timelineLength,
        mask,
        async prepare(caseSignal) {
          await environment.restore(caseSignal, isSuspect);
          isSuspect = false;
          await Promise.all(
            metrics.services().map((service) => metrics.scrape(service, caseSignal).catch(() => undefined)), // checks of it will say so
          );
        },
        ownLoss: () => environment.ownLoss(),
        lossesSince: lost,
      };
    },
    caseEnded(kase, verdict) {
      isSuspect = verdict !== 'passed';
      if (verdict === 'passed' && options?.keep === false) mediaOfCases.get(kase.id)?.discardRecordings();
    },
    async close() {
      metrics.stop();
      const failures: string[] = [];
      await environment
        .stop(AbortSignal.timeout(STOP_WITHIN_MS))
        .catch((error: unknown) => failures.push(toTestcardError(error).message));
      emitEvent({
        type: 'suite-ended',
        atMs: clock.nowMs(),
        suite: suite.name,
        verdict: worst,
        elapsedMs: clock.monotonicMs() - openedAt,
      });
      timeline.close();
      if (failures.length > 0) {
        throw new TestcardError('CLEANUP_FAILED', `the environment did not come down: ${failures.join('; ')}`);
      }
    },
  };
}

/** Of these there may be a thousand a second: they are written a moment later, together. */
const comesInBulk = ({ type }: TimelineEvent) => type === 'log' || type === 'metrics' || type === 'look';

/** `emit: {to: speech}` names a service; its first port is meant. */
function addressOf(to: string, environment: RunningEnvironment): string {
  if (to.includes('://')) return to;
  const service = environment.spec.services.find(({ name }) => name === to);
  const port = service?.ports[0];
  if (port === undefined) {
    throw new TestcardError('SUITE_INVALID', `${to} is no service with a port in this environment`, {
      hint: `services: ${environment.names().join(', ')}`,
    });
  }
  return `http://${to}:${port}`;
}

/** Services that are not up and were not asked to go: said beside whatever else went wrong. */
function lossesOf(environment: RunningEnvironment): (fromMs: number) => string[] {
  return (fromMs) =>
    environment.names().flatMap((name) => {
      const { state, exitCode, signal, sinceMs, restarts } = environment.status(name);
      const how = signal ? `was killed by ${signal}` : `exited with code ${exitCode ?? 'unknown'}`;
      const after = `${((sinceMs - fromMs) / 1000).toFixed(1)} s into the case`;
      if (state === 'exited' || state === 'failed') return [`service ${name} ${how} ${after}`];
      return restarts > 0 ? [`service ${name} was restarted ${restarts === 1 ? 'once' : `${restarts} times`}`] : [];
    });
}
