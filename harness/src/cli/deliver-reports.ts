// Writes the reports of a run to where they are asked for, and the annotations and the step summary that GitHub Actions shows.

import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { RunResult } from '../model/results.ts';
import type { FailureStory } from '../report/failure-story.ts';
import { renderAnnotations } from '../report/github.ts';
import { renderJson } from '../report/json-report.ts';
import { renderJunit } from '../report/junit.ts';
import { MOST_SUMMARY_BYTES, renderMarkdown } from '../report/markdown.ts';
import { renderTap } from '../report/tap.ts';
import { type ReportRequest, STDOUT } from './report-requests.ts';

export interface Delivery {
  stories: ReadonlyMap<string, FailureStory>;
  /** The folder that the run's paths are relative to, absolute. */
  root: string;
  /** The run's folder, absolute. */
  folder: string;
  env: NodeJS.ProcessEnv;
  stdout(text: string): void;
  /** Where workflow commands go: a stream of the job that no report has for itself. */
  log(text: string): void;
}

/** Where reports without a path of their own go, in the run's folder. */
const FILES = { junit: 'junit.xml', json: 'report.json', tap: 'report.tap', markdown: 'summary.md' } as const;

/** What could not be written, in words: one bad path does not keep the other reports from being written. */
export function deliverReports(run: RunResult, requests: readonly ReportRequest[], delivery: Delivery): string[] {
  return requests.flatMap((request) => {
    try {
      deliver(run, request, delivery);
      return [];
    } catch (error) {
      const to = request.path ?? 'its default place';
      return [
        `cannot write the ${request.format} report to ${to}: ${error instanceof Error ? error.message : String(error)}`,
      ];
    }
  });
}

function deliver(run: RunResult, { format, path }: ReportRequest, delivery: Delivery): void {
  const { stories, root, folder, env, stdout, log } = delivery;
  if (format === 'github') {
    const text = renderAnnotations(run, { workspace: env.GITHUB_WORKSPACE ?? root, root });
    if (path === undefined) log(text);
    else write(path, text, stdout);
    appendStepSummary(run, delivery);
    return;
  }
  const text = {
    junit: () => renderJunit(run, stories),
    json: () => renderJson(run),
    tap: () => renderTap(run),
    markdown: () => renderMarkdown(run, stories),
  }[format]();
  write(path ?? join(folder, FILES[format]), text, stdout);
}

function write(path: string, text: string, stdout: (text: string) => void): void {
  if (path === STDOUT) {
    stdout(text);
    return;
  }
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, text);
}

/** GitHub refuses a summary as a whole that is too large with what earlier commands of the step wrote. */
function appendStepSummary(run: RunResult, { stories, env }: Delivery): void {
  const file = env.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === '') return;
  const used = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  appendFileSync(file, renderMarkdown(run, stories, MOST_SUMMARY_BYTES - used));
}
