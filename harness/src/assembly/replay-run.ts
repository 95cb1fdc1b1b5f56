// Judges a stored run again by the suites as they are on disk now, without starting anything.

import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { createMask } from '../base/mask.ts';
import { errorRecord } from '../engine/error-record.ts';
import { replayCase } from '../engine/replay/replay-case.ts';
import { type StoredCase, storedCases } from '../engine/replay/stored-case.ts';
import { EXIT_CODES, TestcardError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { ReplayedCaseResult, ReplayResult, YamlLine } from '../model/replays.ts';
import { RUN_FORMAT } from '../model/run-record.ts';
import type { Case, Suite } from '../model/suite.ts';
import type { SourceText, TimelineEvent } from '../model/timeline.ts';
import { type Verdict, worseVerdict } from '../model/verdict.ts';
import { storedObservations } from '../observe/index.ts';
import type { StoredRun, StoredSuite } from '../report/stored-run.ts';
import { formatProblems, type ParseResult, parseSuite, resolveFromDisk } from '../suite/index.ts';
import { findSuiteFiles } from './load-suites.ts';
import { registry } from './registries.ts';
import { remeasureFrom } from './remeasure.ts';
import { yamlChanges } from './yaml-changes.ts';

export interface ReplayRequest {
  run: StoredRun;
  /** Suite files or folders to judge by; empty: those that the run was of. */
  paths: readonly string[];
  /** Only cases whose title contains this. */
  title?: string | undefined;
  signal: AbortSignal;
}

/** Throws NOT_REPLAYABLE when the run was stored without what this needs, SUITE_INVALID when a suite has mistakes. */
export async function replayRun({ run, paths, title, signal }: ReplayRequest): Promise<ReplayResult> {
  const startedAt = performance.now();
  requireFormat(run);
  const files = paths.length > 0 ? new Map(findSuiteFiles(paths).map((file) => [suiteIdOf(file), file])) : undefined;
  const notes: string[] = [];
  const cases: ReplayedCaseResult[] = [];
  for (const stored of run.suites) {
    signal.throwIfAborted();
    if (files && !files.has(stored.suite)) continue;
    cases.push(...(await replaySuite({ stored, run, file: files?.get(stored.suite), title, notes, signal })));
  }
  if (cases.length === 0) {
    const ran = [...new Set(run.suites.map(({ suite }) => suite))].join(', ');
    throw new TestcardError(
      'NOTHING_SELECTED',
      `nothing of ${run.run} is judged by ${paths.join(', ') || 'its suites'}`,
      {
        hint: [`it ran ${ran}`, ...notes, ...run.notes].join('; '),
      },
    );
  }
  notes.push(...run.notes);
  const verdict = verdictOf(run, cases);
  return {
    run: run.run,
    folder: relative(process.cwd(), run.folder),
    cases,
    notes: [...new Set(notes)],
    verdict,
    exitCode: verdict === 'passed' ? 0 : EXIT_CODES[verdict],
    elapsedMs: performance.now() - startedAt,
  };
}

interface SuiteReplay {
  stored: StoredSuite;
  run: StoredRun;
  /** The suite's file now; undefined: where the run had it. */
  file: string | undefined;
  title: string | undefined;
  notes: string[];
  signal: AbortSignal;
}

async function replaySuite({ stored, run, file, title, notes, signal }: SuiteReplay): Promise<ReplayedCaseResult[]> {
  const events = lastRunOf([...stored.events()]);
  const [started] = events;
  if (started?.type !== 'suite-started') {
    notes.push(`${stored.suite}: nothing of it was stored: not judged`);
    return [];
  }
  const ran = parseAsRun(started.sources ?? [], stored);
  const now = parseNow(file ?? started.file, ran, run, notes);
  const observations = storedObservations(events, { jsonLogs: started.jsonLogs ?? [] });
  const results: ReplayedCaseResult[] = [];
  for (const storedCase of storedCases(events)) {
    if (title !== undefined && !storedCase.title.toLowerCase().includes(title.toLowerCase())) continue;
    const name = `${ran.suite.name} › ${storedCase.title}`;
    const was = ran.suite.cases.find(({ id }) => id === storedCase.id);
    const kase = now.suite.cases.find(({ id }) => id === storedCase.id);
    if (!was || !kase) {
      notes.push(`${name} was run, and is in the suite no longer: not judged`);
      continue;
    }
    const remeasure = remeasureFrom(stored, storedCase, was);
    const replayed = await replayCase(kase, was, { stored: storedCase, events, observations, remeasure, signal });
    results.push(resultOf({ stored, storedCase, ran, now, kase, replayed }));
  }
  return results;
}

type Parsed = { suite: Suite; texts: Map<string, string>; mask(text: string): string };

interface Outcome {
  stored: StoredSuite;
  storedCase: StoredCase;
  ran: Parsed;
  now: Parsed;
  kase: Case;
  replayed: { verdict: Verdict; error?: TestcardError; notes: string[] };
}

function resultOf({ stored, storedCase, ran, now, kase, replayed }: Outcome): ReplayedCaseResult {
  const { verdict, error, notes } = replayed;
  const was = storedCase.end?.verdict;
  const wasError = storedCase.end?.error;
  const line = lineOf(error?.position, now.texts);
  const wasLine = lineOf(wasError?.position, ran.texts);
  return {
    suite: stored.suite,
    suiteName: now.suite.name,
    case: kase.id,
    title: kase.title,
    round: stored.round,
    retry: stored.retry,
    was: was === undefined || was === 'skipped' ? 'inconclusive' : was,
    is: verdict,
    ...(error ? { error: errorRecord(error, now.mask) } : {}),
    ...(wasError ? { wasError } : {}),
    ...(line ? { line } : {}),
    ...(wasLine ? { wasLine } : {}),
    ...(was === verdict ? {} : { changes: yamlChanges(ran.suite, now.suite, kase.id) }),
    notes,
  };
}

function lineOf(position: Position | undefined, texts: ReadonlyMap<string, string>): YamlLine | undefined {
  const text = position && texts.get(position.file)?.split('\n')[position.line - 1];
  if (!position || text === undefined) return undefined;
  return { position: { ...position, file: relative(process.cwd(), position.file) }, text: text.trim() };
}

/** What is needed and was not stored yet by earlier versions of Testcard. */
function requireFormat(run: StoredRun): void {
  const first = run.suites[0];
  const missing: string[] = [];
  if (run.suites.length === 0) missing.push('a timeline');
  else if (run.format < RUN_FORMAT) missing.push('the single looks at what its checks are about');
  for (const event of first?.events() ?? []) {
    if (event.type !== 'suite-started') continue;
    if (!event.sources) missing.push('the text of its suites');
    break;
  }
  if (missing.length === 0) return;
  throw new TestcardError(
    'NOT_REPLAYABLE',
    `${run.run} cannot be replayed: it was stored without ${missing.join(' and ')}`,
    {
      hint: 'run it again with this version of Testcard; `testcard report` can still show it',
    },
  );
}

/** A folder of a run in an editor may hold several: the last one counts. */
function lastRunOf(events: TimelineEvent[]): TimelineEvent[] {
  const from = events.findLastIndex(({ type }) => type === 'suite-started');
  return from <= 0 ? events : events.slice(from);
}

/** The suite as it was when it ran. */
function parseAsRun(sources: readonly SourceText[], { suite }: StoredSuite): Parsed {
  const [main] = sources;
  if (!main) throw new TestcardError('NOT_REPLAYABLE', `${suite} cannot be replayed: its text was not stored`);
  const resolveInclude = (path: string, from: string) => {
    const file = resolve(dirname(from), path);
    const found = sources.find((each) => each.file === file);
    if (!found) throw new TestcardError('SUITE_NOT_FOUND', `${path} was not stored with the run`);
    return { file, text: found.text };
  };
  const parsed = parse(main.text, main.file, resolveInclude);
  if ('problems' in parsed) {
    throw new TestcardError(
      'NOT_REPLAYABLE',
      `${suite} cannot be replayed: this version does not take its text of then`,
      {
        hint: parsed.problems,
      },
    );
  }
  return parsed;
}

/** The suite as it is on disk; as it was run, with a note, where it is not there any more. */
function parseNow(file: string, ran: Parsed, run: StoredRun, notes: string[]): Parsed {
  const found = [file, resolve(relativeFileOf(ran.suite.id, run) ?? file)].find((each) => existsSync(each));
  if (found === undefined) {
    notes.push(`${ran.suite.name}: ${relative(process.cwd(), file)} is not here: judged by the text that was run`);
    return ran;
  }
  const { text } = resolveFromDisk(found, found);
  const parsed = parse(text, found, resolveFromDisk);
  if ('problems' in parsed) throw new TestcardError('SUITE_INVALID', parsed.problems);
  return parsed;
}

const relativeFileOf = (suite: string, { result }: StoredRun) =>
  result?.suites.find((each) => each.suite === suite)?.file;

type Include = (path: string, from: string) => { file: string; text: string };

/**
 * What was seen of a secret is masked in everything that is stored. The suite is therefore read with its secrets masked as well: then a demand
 * that names one holds for the masked text as it did for the real one.
 */
function parse(text: string, file: string, resolveInclude: Include): Parsed | { problems: string } {
  const options = { registry, resolveInclude };
  const first = parseSuite(text, file, { ...options, env: process.env });
  if (first.secrets.length === 0) return taken(first);
  const mask = createMask(first.secrets);
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value && mask(value)]));
  return taken(parseSuite(text, file, { ...options, env }));
}

function taken({ suite, problems, texts, secrets }: ParseResult): Parsed | { problems: string } {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (suite && errors.length === 0) return { suite, texts, mask: createMask(secrets) };
  return { problems: formatProblems(errors, texts, { color: false }) };
}

const suiteIdOf = (file: string): string => {
  const { suite } = parseSuiteName(file);
  return suite;
};

/** Ids come from file names. */
function parseSuiteName(file: string): { suite: string } {
  const name = file.split('/').at(-1) ?? file;
  return { suite: name.replace(/\.suite\.yaml$/, '') };
}

/** A case that ran several times is what its rounds come to, as in the run itself. */
function verdictOf(run: StoredRun, cases: readonly ReplayedCaseResult[]): Verdict {
  const minPass = run.record?.minPass ?? run.result?.repeat?.minPass ?? 1;
  const byCase = Map.groupBy(cases, (each) => `${each.suite}/${each.case}`);
  return [...byCase.values()].reduce<Verdict>((worst, same) => {
    const finals = [...new Map(same.map((each) => [each.round, each])).values()];
    const passed = finals.filter(({ is }) => is === 'passed').length;
    const own = passed / finals.length >= minPass - 1e-9 ? 'passed' : finals.map(({ is }) => is).reduce(worseVerdict);
    return worseVerdict(worst, own);
  }, 'passed');
}
