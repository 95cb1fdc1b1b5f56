// Suites from disk, checked against the environments and fixtures that they name.

import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { findEnvironment, linksOfUse, loadEnvironment } from '../environment/index.ts';
import type { LinkUse } from '../model/environment.ts';
import { type Problem, TestcardError } from '../model/errors.ts';
import type { RuntimeName, Suite } from '../model/suite.ts';
import type { SourceText } from '../model/timeline.ts';
import {
  formatProblems,
  type Known,
  lintSuite,
  loadSuite,
  type ParseResult,
  parseSuite,
  resolveFromDisk,
} from '../suite/index.ts';
import { projectFolders } from './project.ts';
import { registry } from './registries.ts';

const SUFFIX = '.suite.yaml';

const secrets = new WeakMap<Suite, string[]>();

/** Values of `${secret.…}` in the suite, to be masked in everything that is shown. */
export const secretsOf = (suite: Suite): string[] => secrets.get(suite) ?? [];

const sources = new WeakMap<Suite, SourceText[]>();

/** The suite file and what it includes, as read. */
export const sourcesOf = (suite: Suite): SourceText[] => sources.get(suite) ?? [];

/** What suites are checked against, and run in. */
export interface EnvironmentSetting {
  /** Default: embedded. */
  runtime?: RuntimeName | undefined;
  /** Compose files laid over the environments', absolute. */
  overrideFiles?: readonly string[] | undefined;
}

export interface CheckedSuites {
  /** Relative to the working folder. */
  files: string[];
  suites: Suite[];
  /** Of all suites, and of the Compose files they use, each once. */
  problems: Problem[];
  /** The problems for people, with code frames; empty without any. */
  text: string;
}

/** Absolute paths of the suite files among and below `paths`. Throws SUITE_NOT_FOUND. */
export function findSuiteFiles(paths: readonly string[]): string[] {
  const files = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats)
      throw new TestcardError('SUITE_NOT_FOUND', `there is no ${path}`, {
        hint: 'name a suite file or a folder with suites',
      });
    if (stats.isFile()) {
      if (path.endsWith(SUFFIX)) return [resolve(path)];
      throw new TestcardError('SUITE_NOT_FOUND', `${path} is not a suite`, { hint: `suites end in ${SUFFIX}` });
    }
    return globSync(`**/*${SUFFIX}`, { cwd: path, exclude: (name) => basename(name) === 'node_modules' }).map((each) =>
      resolve(path, each),
    );
  });
  if (files.length === 0) {
    throw new TestcardError('SUITE_NOT_FOUND', `there is no suite in ${paths.join(', ')}`, {
      hint: `suites end in ${SUFFIX}`,
    });
  }
  return [...new Set(files)].sort();
}

/** All suites and all problems; nothing is thrown for what a file says. */
export async function checkSuites(
  paths: readonly string[],
  color: boolean,
  setting: EnvironmentSetting = {},
): Promise<CheckedSuites> {
  const files = findSuiteFiles(paths);
  const environments = new Environments(setting);
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  const suites: Suite[] = [];
  for (const file of files) {
    const result = parseOne(() => loadSuite(file, parseOptions(environments)), file);
    for (const [name, text] of result.texts) texts.set(name, text);
    problems.push(...result.problems);
    if (result.suite) {
      problems.push(...lintSuite(result.suite));
      suites.push(remember(result.suite, result));
    }
  }
  problems.push(...environments.problems(texts));
  problems.push(...sameNames(suites));
  const text = problems.length === 0 ? '' : formatProblems(problems, texts, { color });
  return { files: files.map((file) => relative(process.cwd(), file)), suites, problems, text };
}

/** The suites; when one has errors, prints them all and throws SUITE_INVALID. */
export async function loadSuites(
  paths: readonly string[],
  print: (text: string) => void,
  setting: EnvironmentSetting = {},
): Promise<Suite[]> {
  const { suites, problems, text } = await checkSuites(paths, false, setting);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return suites;
  print(`${text}\n\n`);
  throw new TestcardError(
    'SUITE_INVALID',
    `${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in suites: nothing was run`,
  );
}

/** For the Vite plugin and workers: one suite that must be right. Throws SUITE_INVALID with the problems in the message. */
export async function parseForRun(file: string, text: string, setting: EnvironmentSetting = {}): Promise<Suite> {
  const environments = new Environments(setting);
  return required(
    parseSuite(text, file, { ...parseOptions(environments), resolveInclude: resolveFromDisk }),
    environments,
  );
}

export async function loadForRun(file: string, setting: EnvironmentSetting = {}): Promise<Suite> {
  return parseForRun(file, readFileSync(file, 'utf8'), setting);
}

function required(result: ParseResult, environments: Environments): Suite {
  const problems = [...result.problems, ...environments.problems(result.texts)].filter(
    ({ severity }) => severity === 'error',
  );
  if (result.suite && problems.length === 0) return remember(result.suite, result);
  throw new TestcardError('SUITE_INVALID', formatProblems(problems, result.texts, { color: false }));
}

function remember(suite: Suite, result: ParseResult): Suite {
  secrets.set(suite, result.secrets);
  sources.set(
    suite,
    [...result.texts].map(([file, text]) => ({ file, text })),
  );
  return suite;
}

function parseOne(parse: () => ParseResult, file: string): ParseResult {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TestcardError)) throw error;
    const position = error.position ?? { file, line: 1, col: 1 };
    return {
      problems: [{ severity: 'error', message: error.message, position, hint: error.hint }],
      secrets: [],
      texts: new Map(),
    };
  }
}

function parseOptions(environments: Environments) {
  return { registry, env: process.env, knownOf: (ref: string, file: string) => environments.knownOf(ref, file) };
}

/** Two suites of one name could not be told apart in reports. */
function sameNames(suites: Suite[]): Problem[] {
  const byId = Map.groupBy(suites, (suite) => suite.id);
  return [...byId.values()].flatMap((same) =>
    same.slice(1).map(
      (suite): Problem => ({
        severity: 'error',
        message: `another suite is also called ${suite.name}`,
        position: { file: suite.file, line: 1, col: 1 },
        hint: `the other is ${relative(process.cwd(), same[0]?.file ?? '')}`,
      }),
    ),
  );
}

/** Compose files named by suites, each read once. */
class Environments {
  #overrideFiles: readonly string[];
  #runtime: RuntimeName;
  #known = new Map<string, { known: Known; problems: Problem[]; file: string }>();

  constructor({ overrideFiles = [], runtime = 'embedded' }: EnvironmentSetting) {
    this.#overrideFiles = overrideFiles;
    this.#runtime = runtime;
  }

  knownOf(ref: string, suiteFile: string): Known | Problem {
    const { root, fixtures } = projectFolders();
    let file: string;
    try {
      file = findEnvironment(ref, suiteFile, root);
    } catch (error) {
      if (!(error instanceof TestcardError)) throw error;
      // Without a place of its own: the parser knows where the name stands.
      return { severity: 'error', message: error.message, hint: error.hint, position: { file: '', line: 1, col: 1 } };
    }
    const found = this.#known.get(file) ?? read(file, this.#runtime, this.#overrideFiles, fixtures);
    this.#known.set(file, found);
    return found.known;
  }

  problems(texts: Map<string, string>): Problem[] {
    return [...this.#known.values()].flatMap(({ problems, file }) => {
      for (const each of [file, ...this.#overrideFiles]) {
        if (problems.length > 0 && existsSync(each)) texts.set(each, readFileSync(each, 'utf8'));
      }
      return problems;
    });
  }
}

function read(
  file: string,
  runtime: RuntimeName,
  overrideFiles: readonly string[],
  fixturesFolder: string,
): { known: Known; problems: Problem[]; file: string } {
  const fixtures = existsSync(fixturesFolder)
    ? readdirSync(fixturesFolder)
        .filter((name) => /\.ya?ml$/.test(name))
        .map((name) => name.replace(/\.ya?ml$/, ''))
    : [];
  try {
    const { spec, problems } = loadEnvironment(file, runtime, overrideFiles);
    const services = spec?.services.map(({ name, ports, metrics, dataFolder }) => ({
      name,
      ports,
      hasMetrics: metrics !== undefined,
      hasData: dataFolder !== undefined,
    }));
    const linkProblem = (use: LinkUse) => {
      const found = spec ? linksOfUse(use, spec) : undefined;
      return found && 'problem' in found ? { message: found.problem, hint: found.hint } : undefined;
    };
    return { known: { runtime, fixtures, linkProblem, ...(services ? { services } : {}) }, problems, file };
  } catch (error) {
    if (!(error instanceof TestcardError)) throw error;
    const position = error.position ?? { file, line: 1, col: 1 };
    return {
      known: { runtime, fixtures },
      problems: [{ severity: 'error', message: error.message, hint: error.hint, position }],
      file,
    };
  }
}
