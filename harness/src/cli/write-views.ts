// Views of a stored run, each to where it is asked for.

import { relative } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { makeHtmlReport } from '../assembly/html-report.ts';
import { EXIT_CODES, TestcardError, toTestcardError } from '../model/errors.ts';
import type { RunResult } from '../model/results.ts';
import { resultFromTimelines } from '../report/html/result-from-timelines.ts';
import { readFailureStories } from '../report/read-failure-stories.ts';
import type { StoredRun } from '../report/stored-run.ts';
import { renderSummary } from '../report/summary.ts';
import { deliverReports } from './deliver-reports.ts';
import { interruptSignal } from './interrupt.ts';
import { REPORT_FORMATS, type ReportFormat, STDOUT } from './report-requests.ts';
import { terminalOf } from './terminal.ts';
import { pauseWorkflowCommands } from './workflow-commands.ts';

export const VIEWS = ['summary', 'html', ...REPORT_FORMATS] as const;
export type View = (typeof VIEWS)[number];

export interface ViewRequest {
  view: View;
  /** Without it, standard output; for `html` the run's folder. */
  path?: string | undefined;
  /** Does not say where it was written. */
  isQuiet?: boolean;
}

/** For Commander: may be given again. */
export function readViewOption(text: string, before: ViewRequest[] = []): ViewRequest[] {
  const [, name = '', path] = /^\s*([^=]*?)\s*(?:=(.*))?$/s.exec(text) ?? [];
  const view = VIEWS.find((each) => each === name.toLowerCase());
  if (view === undefined) throw new InvalidArgumentError(`expected one of ${VIEWS.join(', ')}, with =path after it.`);
  if (path === '' || (path !== undefined && view === 'html')) {
    throw new InvalidArgumentError(
      view === 'html' ? 'html goes into the run’s folder.' : `a path is missing after ${view}=.`,
    );
  }
  return [...before, path === undefined ? { view } : { view, path }];
}

/** Returns the exit code that the run had; 3 when a view could not be written. */
export async function writeViews(run: StoredRun, requests: readonly ViewRequest[]): Promise<number> {
  const root = process.cwd();
  const result = hereOf(run.result ?? resultFromTimelines(run), run, root);
  const stories = readFailureStories(result, root);
  const failures: string[] = [];
  for (const note of run.notes) process.stderr.write(`testcard: ${note}\n`);
  for (const { view, path, isQuiet = false } of requests) {
    if (view === 'html') failures.push(...(await writeHtml(run, isQuiet)));
    else if (view === 'summary' && (path === undefined || path === STDOUT)) {
      const style = { ...terminalOf(process.stdout), columns: process.stdout.columns ?? 120 };
      // Where annotations are asked for, a runner reads along: it must not obey what a pipeline printed.
      const isRead = requests.some((each) => each.view === 'github');
      const obey = isRead ? pauseWorkflowCommands((text) => process.stdout.write(text)) : () => {};
      process.stdout.write(`${renderSummary(result, { ...style, stories })}\n`);
      obey();
    } else if (view === 'summary') {
      throw new TestcardError('USAGE', 'the summary goes to standard output', { hint: `> ${path}` });
    } else {
      failures.push(
        ...deliverReports(result, [{ format: view as ReportFormat, path: path ?? STDOUT }], {
          ...{ stories, root, folder: run.folder, env: process.env },
          stdout: (text) => process.stdout.write(text),
          log: (text) => process.stdout.write(text),
        }),
      );
    }
  }
  for (const failure of failures) process.stderr.write(`testcard: ${failure}\n`);
  return failures.length > 0 && result.exitCode === 0 ? EXIT_CODES.internal : result.exitCode;
}

async function writeHtml(run: StoredRun, isQuiet: boolean): Promise<string[]> {
  try {
    const { path } = await makeHtmlReport(run.folder, { signal: interruptSignal });
    if (!isQuiet) process.stdout.write(`${relative(process.cwd(), path)}\n`);
    return [];
  } catch (error) {
    return [`cannot write the HTML report: ${toTestcardError(error).message}`];
  }
}

/** Paths of the run are relative to where it ran: an artefact that was downloaded lies elsewhere. */
function hereOf(result: RunResult, { folder }: StoredRun, root: string): RunResult {
  const here = relative(root, folder);
  if (result.folder === here) return result;
  const text = JSON.stringify(result.suites).replaceAll(`"folder":"${result.folder}/`, `"folder":"${here}/`);
  return { ...result, folder: here, suites: JSON.parse(text) as RunResult['suites'] };
}
