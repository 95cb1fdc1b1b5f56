// The whole of `testcard run`: find, validate, select, prepare fixtures, run, report, exit code.

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { describeMachine } from '../assembly/describe-machine.ts';
import { prepareFixtures } from '../assembly/fixtures.ts';
import { makeHtmlReport } from '../assembly/html-report.ts';
import { loadQuarantine } from '../assembly/load-quarantine.ts';
import { loadSuites, secretsOf } from '../assembly/load-suites.ts';
import { createMask, maskTexts } from '../base/mask.ts';
import { EXIT_CODES, TestcardError, toTestcardError } from '../model/errors.ts';
import { excusedCases } from '../model/gate.ts';
import type { Shard } from '../model/run-record.ts';
import type { Case, Priority, RuntimeName, Suite } from '../model/suite.ts';
import type { Verbosity } from '../report/event-lines.ts';
import { renderJunit } from '../report/junit.ts';
import { readFailureStories } from '../report/read-failure-stories.ts';
import { renderSummary } from '../report/summary.ts';
import { deliverReports } from './deliver-reports.ts';
import { interruptSignal } from './interrupt.ts';
import { onProgressSignal } from './progress-signal.ts';
import { isStdoutTaken, type ReportRequest, reportRequests } from './report-requests.ts';
import { rerunBase } from './rerun-base.ts';
import { runPasses } from './run-passes.ts';
import { runResultOf } from './run-result.ts';
import { runRecordOf, sharded } from './run-selection.ts';
import { openRunView } from './run-view.ts';
import { pauseWorkflowCommands } from './workflow-commands.ts';

/** A suite takes about a sixth of a processor, in containers nearly a third (networks, proxies, logs of the engine): the rest of the time it waits. */
const SUITES_PER_PROCESSOR: Record<RuntimeName, number> = { embedded: 4, compose: 2.5 };

export interface RunRequest {
  paths: string[];
  priority?: string[];
  tag?: string[];
  case?: string;
  runtime: RuntimeName;
  /** Compose files laid over the environments', absolute. */
  override: string[];
  parallel?: number;
  bail: boolean;
  /** Rounds of the whole selection. */
  repeat: number;
  /** Share of its rounds that a case must pass, 0 to 1. */
  minPass: number;
  /** How often a case that is not passed is tried again in its round, at most. */
  retry: number;
  /** Which part of the selection to run. Default: all of it. */
  shard?: Shard;
  /** results.json that says how long suites take, for `shard`. */
  durations?: string;
  /** Priorities that decide what the run comes to. Default: all. */
  gate?: Priority[];
  /** Quarantine list; default: quarantine.yaml where there is one. */
  quarantine?: string;
  report?: ReportRequest[];
  /** Annotations and step summary; default: what the environment says. */
  github?: boolean;
  keep: boolean;
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

/** Returns the exit code. Throws TestcardError for problems found before anything started. */
export async function runAll(request: RunRequest): Promise<number> {
  if (request.bail && request.retry > 0) {
    throw new TestcardError(
      'USAGE',
      '--bail ends the run at the first case that is not passed, --retry tries it again',
      {
        hint: 'choose one of them',
      },
    );
  }
  const startedAtMs = Date.now();
  const stopTelling = onProgressSignal(() =>
    process.stderr.write('testcard: nothing runs yet: suites are read, fixtures made\n'),
  );
  const reports = reportRequests(request, process.env);
  const out = isStdoutTaken(reports) ? process.stderr : process.stdout;
  const setting = { runtime: request.runtime, overrideFiles: request.override };
  const printProblems = (text: string) => process.stderr.write(text);
  const suites = await loadSuites(request.paths, printProblems, setting);
  const quarantine = await loadQuarantine(request.quarantine, suites, printProblems, setting);
  const selection = select(suites, request);
  requireGate(selection, request.gate);
  const selected = sharded(selection, request);
  await prepareFixtures(selected, interruptSignal, (line) => out.write(`testcard: ${line}\n`));
  const runId = `${new Date(startedAtMs).toISOString().replaceAll(':', '-').replace('T', '_').slice(0, 19)}-${process.pid}`;
  const folder = join(process.cwd(), 'reports', runId);
  mkdirSync(folder, { recursive: true });
  const record = runRecordOf(selection, { run: runId, startedAtMs, ...recordFields(request) });
  const mask = createMask(suites.flatMap(secretsOf));
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(maskTexts(record, mask), null, 2)}\n`);

  const parallel = request.parallel ?? Math.round(SUITES_PER_PROCESSOR[request.runtime] * availableParallelism());
  const cases = selected.reduce((sum, { cases }) => sum + cases.length, 0);
  const verbosity: Verbosity = request.quiet ? 'quiet' : request.verbose ? 'verbose' : 'normal';
  const part = request.shard ? `shard ${request.shard.index} of ${request.shard.of}: ` : '';
  const head = `testcard: ${part}${cases} cases of ${selected.length} suites, ${Math.min(parallel, selected.length)} at a time, ${request.runtime} runtime · reports/${runId}`;
  const isOnGithub = reports.some(({ format }) => format === 'github');
  const obeyWorkflowCommands = isOnGithub ? pauseWorkflowCommands((text) => out.write(text)) : () => {};
  const { repeat, minPass, retry, gate } = request;
  const excused = excusedCases(selected, { priorities: gate, quarantine, nowMs: startedAtMs });
  stopTelling();
  const shown = openRunView(out, {
    ...{ verbosity, excused, reports: join(process.cwd(), 'reports'), runtime: request.runtime },
  });
  const { view, style, unseen } = shown;
  if (verbosity !== 'quiet') view.note(style.chars.text(head));
  const machine = describeMachine(interruptSignal);
  const done = await runPasses({
    selection: selected,
    options: {
      ...{ runId, folder, runtime: request.runtime, overrideFiles: request.override, keep: request.keep },
      excused: request.bail ? excused : undefined,
    },
    repeat,
    retry,
    parallel,
    bail: request.bail,
    view,
    unseen,
    signal: interruptSignal,
  })
    .finally(() => shown.close())
    .catch((error: unknown) => {
      obeyWorkflowCommands();
      throw error;
    });

  const run = runResultOf(done, {
    ...{ runId, folder, startedAtMs, repeat, minPass, retry, gate, quarantine, mask },
    rerun: rerunBase(request),
    machine: await machine,
    isInterrupted: interruptSignal.aborted,
  });
  const stories = readFailureStories(run, process.cwd());
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(run, null, 2)}\n`);
  writeFileSync(join(folder, 'junit.xml'), renderJunit(run, stories));
  view.stepTimes.write(folder, request.runtime);
  const notices = view.notices();
  const report = await htmlReport(folder);
  writeFileSync(join(folder, 'summary.txt'), `${renderSummary(run, { stories, notices, report })}\n`);
  out.write(`${renderSummary(run, { ...style, stories, notices, report, quiet: request.quiet })}\n`);
  obeyWorkflowCommands();
  const failures = deliverReports(run, reports, {
    ...{ stories, folder, root: process.cwd(), env: process.env },
    stdout: (text) => process.stdout.write(text),
    log: (text) => out.write(text),
  });
  for (const failure of failures) process.stderr.write(`testcard: ${failure}\n`);
  return failures.length > 0 && run.exitCode === 0 ? EXIT_CODES.internal : run.exitCode;
}

/** A report that cannot be made must not hide what the run came to. Path relative to the working folder; else the run's folder. */
async function htmlReport(folder: string): Promise<string> {
  try {
    const { path } = await makeHtmlReport(folder, { signal: interruptSignal });
    return relative(process.cwd(), path);
  } catch (error) {
    process.stderr.write(`testcard: no HTML report: ${toTestcardError(error).message}\n`);
    return relative(process.cwd(), folder);
  }
}

/** A gate that nothing can fail to pass is none. */
function requireGate(selection: { cases: Case[] }[], gate: Priority[] | undefined): void {
  if (!gate || selection.some(({ cases }) => cases.some(({ priority }) => gate.includes(priority)))) return;
  throw new TestcardError('NOTHING_SELECTED', `--gate ${gate.join(',')}: no case of the selection has that priority`, {
    hint: 'it would pass whatever the cases come to',
  });
}

function recordFields({ runtime, override, repeat, minPass, retry, gate, shard }: RunRequest) {
  return { runtime, override, repeat, minPass, retry, ...(gate ? { gate } : {}), ...(shard ? { shard } : {}) };
}

function select(suites: Suite[], request: RunRequest): { suite: Suite; cases: Case[] }[] {
  const text = request.case?.toLowerCase() ?? '';
  // A whole title means that case alone, even where it is the beginning of another's.
  const isWhole = suites.some(({ cases }) => cases.some(({ title }) => title.toLowerCase() === text));
  const isCase = ({ title }: Case) => (isWhole ? title.toLowerCase() === text : title.toLowerCase().includes(text));
  const wanted = (suite: Suite, kase: Case) =>
    (!request.priority || request.priority.includes(kase.priority)) &&
    (!request.tag || [...suite.tags, ...kase.tags].some((tag) => request.tag?.includes(tag))) &&
    (request.case === undefined || isCase(kase));
  const selected = suites
    .map((suite) => ({ suite, cases: suite.cases.filter((kase) => wanted(suite, kase)) }))
    .filter(({ cases }) => cases.length > 0);
  if (selected.length > 0) return selected;
  const filters = [
    request.priority ? `--priority ${request.priority.join(',')}` : '',
    request.tag ? `--tag ${request.tag.join(',')}` : '',
    request.case === undefined ? '' : `--case ${JSON.stringify(request.case)}`,
  ].filter(Boolean);
  throw new TestcardError(
    'NOTHING_SELECTED',
    `no case of ${suites.length} suites matches ${filters.join(' ') || 'the selection'}`,
    {
      hint: 'testcard list shows what there is',
    },
  );
}
