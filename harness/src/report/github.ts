// Workflow commands of GitHub Actions: what did not pass as annotations on the lines of the YAML.

import { isAbsolute, relative } from 'node:path';
import { brokenQuarantineOf, excuseOf } from '../model/gate.ts';
import type { CaseResult, RunResult } from '../model/results.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { printable, printableLine } from './printable.ts';

/** GitHub shows so many of each level a step, and drops the others without a word. */
const SHOWN_PER_LEVEL = 10;
/** Longer messages are cut by GitHub. */
const LONGEST_MESSAGE = 4_000;

export interface Annotation {
  level: 'error' | 'warning';
  /** Relative to the repository. */
  file?: string;
  line?: number;
  col?: number;
  title: string;
  message: string;
}

export interface GithubOptions {
  /** The checked-out repository (`$GITHUB_WORKSPACE`), absolute: annotations name files relative to it. */
  workspace: string;
  /** The folder that the run's paths are relative to, absolute. */
  root: string;
}

/** One line each, to be written to standard output. */
export function renderAnnotations(run: RunResult, options: GithubOptions): string {
  const all = annotationsOf(run, options);
  const lines = (['error', 'warning'] as const).flatMap((level) => {
    const same = all.filter((each) => each.level === level);
    if (same.length <= SHOWN_PER_LEVEL) return same;
    const more: Annotation = {
      level,
      title: `${same.length - SHOWN_PER_LEVEL + 1} more`,
      message: same
        .slice(SHOWN_PER_LEVEL - 1)
        .map(({ title }) => title)
        .join('\n'),
    };
    return [...same.slice(0, SHOWN_PER_LEVEL - 1), more];
  });
  return lines.map((each) => `${workflowCommand(each)}\n`).join('');
}

/** Most important first: those that block before those that do not, then by priority. */
export function annotationsOf(run: RunResult, options: GithubOptions): Annotation[] {
  const cases = run.suites
    .flatMap((suite) => suite.cases.map((result) => ({ suite, result })))
    .sort((a, b) => a.result.priority.localeCompare(b.result.priority))
    .flatMap(({ suite, result }) => caseAnnotation(`${suite.name} › ${result.title}`, result, options) ?? []);
  const outside = [
    ...run.suites.flatMap((suite) => suite.errors.map((error) => outsideAnnotation(suite.name, error, options))),
    ...run.errors.map((error) => outsideAnnotation('testcard', error, options)),
  ];
  return [...cases, ...outside];
}

function caseAnnotation(name: string, result: CaseResult, options: GithubOptions): Annotation | undefined {
  const { verdict, error, quarantine, reason } = result;
  const broken = brokenQuarantineOf(result);
  if (quarantine && broken !== undefined) {
    return { level: 'error', ...placeOfText(quarantine.at, options), title: `${name}: quarantine`, message: broken };
  }
  if (verdict === 'passed' || verdict === 'skipped') return undefined;
  const excuse = excuseOf(result);
  const place = error?.position ? placeOf(error.position, options) : placeOfText(result.at, options);
  const message = [error?.message ?? reason ?? verdict, error?.hint].filter((part) => part !== undefined).join('\n');
  if (excuse === undefined) return { level: 'error', ...place, title: `${name}: ${verdict}`, message };
  return {
    level: 'warning',
    ...place,
    title: `${name}: ${verdict}, ${short(excuse)}`,
    message: `${excuse}\n${message}`,
  };
}

const short = (excuse: string): string => excuse.split(' until ')[0] ?? excuse;

function outsideAnnotation(name: string, error: ErrorRecord, options: GithubOptions): Annotation {
  const place = error.position ? placeOf(error.position, options) : {};
  return { level: 'error', ...place, title: `${name}: ${error.code}`, message: error.message };
}

type Where = Pick<Annotation, 'file' | 'line' | 'col'>;

function placeOf({ file, line, col }: { file: string; line: number; col: number }, options: GithubOptions): Where {
  const path = isAbsolute(file) ? file : `${options.root}/${file}`;
  const inRepository = relative(options.workspace, path);
  // Outside the repository there is no line to stand on.
  return inRepository.startsWith('..') || isAbsolute(inRepository) ? {} : { file: inRepository, line, col };
}

/** Of `suites/x.suite.yaml:14` or `quarantine.yaml:3:5`. */
function placeOfText(text: string, options: GithubOptions): Where {
  const [, file, line, col] = /^(.*?):(\d+)(?::(\d+))?$/.exec(text) ?? [];
  return file === undefined ? {} : placeOf({ file, line: Number(line), col: Number(col ?? 1) }, options);
}

/** `::error file=…,line=…,col=…,title=…::message`, each part escaped so that no text of a pipeline can end it or begin another command. */
export function workflowCommand({ level, message, ...properties }: Annotation): string {
  const { file, line, col, title } = properties;
  const written = Object.entries({ file, line, col, title }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapeProperty(printableLine(String(value)))}`],
  );
  const text = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
  return `::${level} ${written.join(',')}::${escapeData(printable(text))}`;
}

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
