// The quarantine list of the project, checked against all of its suites, whichever of them are run.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Problem, TestcardError } from '../model/errors.ts';
import type { QuarantineEntry } from '../model/quarantine.ts';
import type { Suite } from '../model/suite.ts';
import { formatProblems, parseQuarantine, type QuarantineResult } from '../suite/index.ts';
import { checkSuites, type EnvironmentSetting } from './load-suites.ts';
import { projectFolders } from './project.ts';

const DEFAULT_FILE = 'quarantine.yaml';
/** As of a suite: beyond it, it is not what a person wrote. */
const LARGEST_BYTES = 1024 * 1024;

export interface CheckedQuarantine {
  entries: QuarantineEntry[];
  problems: Problem[];
  /** The problems for people, with code frames; empty without any. */
  text: string;
}

const NONE: CheckedQuarantine = { entries: [], problems: [], text: '' };

/**
 * `file` as the user named it; without it, `quarantine.yaml` of the project where there is one. `suites` are those that are loaded already; the
 * project's others are read when an entry names none of them. Throws USAGE when the file that was named is not there.
 */
export async function checkQuarantine(
  file: string | undefined,
  suites: readonly Suite[],
  { color, setting = {} }: { color: boolean; setting?: EnvironmentSetting },
): Promise<CheckedQuarantine> {
  const { root } = projectFolders();
  const path = file === undefined ? join(root, DEFAULT_FILE) : resolve(file);
  if (!existsSync(path)) {
    if (file === undefined) return NONE;
    throw new TestcardError('USAGE', `there is no quarantine list ${file}`);
  }
  const { size } = statSync(path);
  if (size > LARGEST_BYTES) throw new TestcardError('USAGE', `${path} is larger than 1 MiB`);
  const content = readFileSync(path, 'utf8');
  const nowMs = Date.now();
  let result: QuarantineResult = parseQuarantine(content, path, { suites, areAllKnown: true, nowMs });
  if (result.problems.some(({ severity }) => severity === 'error')) {
    const all = await withOthers(suites, join(root, 'suites'), setting);
    result = parseQuarantine(content, path, { ...all, nowMs });
  }
  const { entries, problems, texts } = result;
  return { entries, problems, text: formatProblems(problems, texts, { color }) };
}

async function withOthers(
  suites: readonly Suite[],
  folder: string,
  setting: EnvironmentSetting,
): Promise<{ suites: Suite[]; areAllKnown: boolean }> {
  if (!existsSync(folder)) return { suites: [...suites], areAllKnown: true };
  const others = await checkSuites([folder], false, setting).catch((error: unknown) => {
    if (error instanceof TestcardError && error.code === 'SUITE_NOT_FOUND') return undefined;
    throw error;
  });
  const loaded = new Set(suites.map((suite) => suite.file));
  return {
    suites: [...suites, ...(others?.suites ?? []).filter((suite) => !loaded.has(suite.file))],
    areAllKnown: !others?.problems.some(({ severity }) => severity === 'error'),
  };
}

/** The entries; prints what is wrong with the list and throws SUITE_INVALID when that is more than warnings. */
export async function loadQuarantine(
  file: string | undefined,
  suites: readonly Suite[],
  print: (text: string) => void,
  setting: EnvironmentSetting = {},
): Promise<QuarantineEntry[]> {
  const { entries, problems, text } = await checkQuarantine(file, suites, { color: false, setting });
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (text !== '') print(`${text}\n`);
  if (errors.length === 0) return entries;
  throw new TestcardError(
    'SUITE_INVALID',
    `${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in the quarantine list: nothing was run`,
  );
}
