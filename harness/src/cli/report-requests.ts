// `--report <format>[=path]`: which reports a run is asked for, and where they go.

import { InvalidArgumentError } from 'commander';
import { TestcardError } from '../model/errors.ts';

export const REPORT_FORMATS = ['junit', 'json', 'tap', 'markdown', 'github'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface ReportRequest {
  format: ReportFormat;
  /** As the user wrote it, `-` for standard output; without it, where the format belongs: the run's folder, for `github` the job's log. */
  path?: string;
}

export const STDOUT = '-';

/** For Commander: may be given again, and lists are understood (`junit,tap=-`). */
export function readReportOption(text: string, before: ReportRequest[] = []): ReportRequest[] {
  const requests = text.split(',').map((part) => {
    const [, name = '', path] = /^\s*([^=]*?)\s*(?:=(.*))?$/s.exec(part) ?? [];
    const format = REPORT_FORMATS.find((each) => each === name.toLowerCase());
    if (format === undefined) {
      throw new InvalidArgumentError(`expected one of ${REPORT_FORMATS.join(', ')}, with =path or =- after it.`);
    }
    if (path === '') throw new InvalidArgumentError(`a path is missing after ${format}=.`);
    return path === undefined ? { format } : { format, path };
  });
  return [...before, ...requests];
}

export interface ReportOptions {
  report?: ReportRequest[] | undefined;
  /** `--json`: as `--report json=-`. */
  json?: boolean | undefined;
  /** `--github` or `--no-github`; without either, what the environment says. */
  github?: boolean | undefined;
}

/** All that are wanted. Throws USAGE when two want standard output for themselves. */
export function reportRequests(
  { report = [], json = false, github }: ReportOptions,
  env: NodeJS.ProcessEnv,
): ReportRequest[] {
  const all: ReportRequest[] = [...report, ...(json ? [{ format: 'json', path: STDOUT } as const] : [])];
  const isOnGithub = github ?? env.GITHUB_ACTIONS === 'true';
  const wanted: ReportRequest[] =
    isOnGithub && !all.some(({ format }) => format === 'github') ? [...all, { format: 'github' }] : all;
  const kept = github === false ? wanted.filter(({ format }) => format !== 'github') : wanted;
  const toStdout = kept.filter(({ path }) => path === STDOUT);
  if (toStdout.length > 1) {
    const names = toStdout.map(({ format }) => format).join(' and ');
    throw new TestcardError('USAGE', `${names} cannot both be written to standard output`, {
      hint: 'give all but one a path: --report junit=junit.xml',
    });
  }
  return kept;
}

/** Then everything else of the run is told on standard error. */
export const isStdoutTaken = (requests: readonly ReportRequest[]): boolean =>
  requests.some(({ path }) => path === STDOUT);
