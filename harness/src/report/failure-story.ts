// What there is to tell of a case that did not pass, as data: the promise, what was seen, when, what else happened around that instant,
// where the evidence is, how to run just this again. Made from stored events and the stored result alone; every report shows the same.

import { relative } from 'node:path';
import { formatDurationMs } from '../base/duration.ts';
import type { CaseResult, RerunBase, SuiteResult } from '../model/results.ts';
import type { ErrorRecord, TimelineEvent } from '../model/timeline.ts';
import { type Happening, happeningsAround } from './happenings.ts';
import { promiseLines, type YamlLine } from './promise-lines.ts';
import { rerunCommand } from './rerun-command.ts';

export interface FailureStory {
  suite: string;
  case: string;
  title: string;
  verdict: 'failed' | 'inconclusive';
  /** Code of the error (`CHECK_FAILED`). */
  code: string;
  /** In words. For what is no check: the step that could not be done. */
  promised: string;
  seen: string;
  /** How long and how often it was looked at: `looked 34 times in 20s; it had not changed for 20s`. */
  looked?: string | undefined;
  hint?: string | undefined;
  /** Services that went in the course of the case, in words. */
  losses?: string | undefined;
  place?: Place | undefined;
  /** The instant that decided. Undefined when the case never began. */
  when?: When | undefined;
  /** The innermost step that ended with it; a promise that holds throughout a case may break in any. */
  step?: { id: string; title: string; elapsedMs: number; startedInCaseMs: number } | undefined;
  /** Other promises of the same step that did not hold either. */
  also: { promised: string; seen: string; place?: Place | undefined }[];
  /** Faults in force at that instant, whenever they began. */
  inForce: { title: string; sinceMs: number; isProven: boolean }[];
  /** What else happened within two seconds, in order of time; the most telling ones when there are many. */
  meanwhile: Happening[];
  /** How many more there were. */
  leftOut: number;
  evidence: Evidence[];
  /** Shell command that runs just this case again. */
  rerun: string;
}

export interface Place {
  /** Relative to the working folder. */
  file: string;
  line: number;
  col: number;
  /** Empty when the suite's text is not at hand. */
  yaml: YamlLine[];
}

export interface When {
  atMs: number;
  /** Since the baseline, when the first step began: the case's own clock, the one that `+12.3 s` in messages is of. */
  inCaseMs: number;
  /** When it was judged, which may be long after it happened. */
  judgedInCaseMs: number;
}

export interface Evidence {
  what: 'timeline' | 'log' | 'recording' | 'other';
  name: string;
  /** Relative to the working folder. */
  path: string;
}

export interface StoryFacts {
  suite: Pick<SuiteResult, 'suite' | 'name' | 'file'>;
  result: Pick<CaseResult, 'case' | 'title' | 'verdict' | 'error' | 'moreErrors'>;
  /** Events of the suite's timeline; metrics are not needed. */
  events: readonly TimelineEvent[];
  /** The suite's YAML, where the timeline does not have it (runs of older versions). */
  text?: string | undefined;
  /** The folder of the suite in the run, and the files below it, relative to the working folder. */
  folder: string;
  files?: readonly string[] | undefined;
  rerun?: RerunBase | undefined;
  /** The folder that positions are made relative to. */
  root: string;
}

export const AROUND_MS = 2_000;
/** A check and the step that ends with it are noted within this of each other. */
const SAME_MS = 50;

/** Undefined for a case that passed, was skipped, or was interrupted: there is nothing to tell. */
export function failureStory(facts: StoryFacts): FailureStory | undefined {
  const { suite, result, events, root } = facts;
  const { error, verdict } = result;
  if (!error || (verdict !== 'failed' && verdict !== 'inconclusive') || error.kind === 'interrupted') return undefined;
  const own = events.filter((event) => 'case' in event && event.case === result.case);
  const zeroMs = caseZeroMs(own);
  const check = decidingCheck(own, error);
  const ended = own.find((event) => event.type === 'step-ended' && event.verdict !== 'passed');
  const over = own.findLast((event) => event.type === 'case-ended');
  const decidedAtMs = check?.atMs ?? ended?.atMs ?? over?.atMs;
  const atMs = momentOf(error, zeroMs, decidedAtMs) ?? lastBadService(events);
  const around =
    atMs === undefined
      ? undefined
      : happeningsAround(events, {
          case: result.case,
          atMs,
          zeroMs,
          withinMs: AROUND_MS,
          // What comes after the verdict is the case's own cleaning up; what comes after the case is another's.
          decidedAtMs: (decidedAtMs ?? atMs) + SAME_MS,
          fromMs: own[0]?.atMs ?? Number.NEGATIVE_INFINITY,
          untilMs: over?.atMs ?? Number.POSITIVE_INFINITY,
        });
  const base = facts.rerun ?? { command: 'testcard', runtime: 'embedded', overrides: [] };
  const words = wordsOf(error, own);
  return {
    suite: suite.name,
    case: result.case,
    title: result.title,
    verdict,
    code: error.code,
    ...words,
    ...hintOf(error, root),
    place: placeOf(error, facts),
    when:
      atMs === undefined || zeroMs === undefined
        ? undefined
        : { atMs, inCaseMs: atMs - zeroMs, judgedInCaseMs: (decidedAtMs ?? atMs) - zeroMs },
    step: stepOf(own, zeroMs),
    also: (result.moreErrors ?? []).map((more) => ({ ...wordsOf(more, []), place: placeOf(more, facts) })),
    inForce: around?.inForce ?? [],
    meanwhile: around?.shown ?? [],
    leftOut: around?.leftOut ?? 0,
    evidence: evidenceOf(facts),
    rerun: rerunCommand(base, { file: suite.file, title: result.title }),
  };
}

/** Unix ms of a case's zero: its baseline, with which its first step begins. Undefined when it never began. */
export function caseZeroMs(events: readonly TimelineEvent[], caseId?: string): number | undefined {
  const isOwn = (event: TimelineEvent) => caseId === undefined || ('case' in event && event.case === caseId);
  const first =
    events.find((event) => event.type === 'baseline' && isOwn(event)) ??
    events.find((event) => event.type === 'step-started' && isOwn(event)) ??
    events.find((event) => event.type === 'case-started' && isOwn(event));
  return first?.atMs;
}

function decidingCheck(own: readonly TimelineEvent[], { position }: ErrorRecord) {
  return own.findLast(
    (event) =>
      event.type === 'check' &&
      event.judgement.verdict !== 'passed' &&
      (!position || (event.position.line === position.line && event.position.col === position.col)),
  );
}

/** The instant that the check itself names, when it lies within the case; else when it was judged. */
function momentOf(error: ErrorRecord, zeroMs = Number.NEGATIVE_INFINITY, decidedAtMs?: number): number | undefined {
  const named = judgementOf(error)?.atMs;
  return named !== undefined && named >= zeroMs && named <= (decidedAtMs ?? named) ? named : decidedAtMs;
}

interface JudgementLike {
  expected: string;
  seen: string;
  atMs?: number;
}

/** Errors of checks carry their judgement. */
function judgementOf({ detail }: ErrorRecord): JudgementLike | undefined {
  const judgement = detail as Partial<JudgementLike> | undefined | null;
  return typeof judgement?.expected === 'string' && typeof judgement.seen === 'string'
    ? (judgement as JudgementLike)
    : undefined;
}

/** Between what was promised and what was seen, in messages. */
const DASH = ' — ';

function wordsOf(
  error: ErrorRecord,
  own: readonly TimelineEvent[],
): Pick<FailureStory, 'promised' | 'seen' | 'looked'> {
  const judgement = judgementOf(error);
  if (judgement) {
    const { expected: promised, seen } = judgement;
    const whole = `${promised}${DASH}${seen}`;
    const looked = error.message.startsWith(whole) ? error.message.slice(whole.length).trim() : '';
    return { promised, seen, ...(looked === '' ? {} : { looked: looked.replace(/^\((.*)\)$/s, '$1') }) };
  }
  const started = own.findLast((event) => event.type === 'case-started');
  if (error.code === 'CASE_TIMEOUT' && started?.type === 'case-started') {
    return { promised: `the case ends within ${formatDurationMs(started.timeoutMs)}`, seen: stuckIn(own) };
  }
  const [promised, ...seen] = error.message.split(DASH);
  if (promised !== undefined && seen.length > 0) return { promised, seen: seen.join(DASH) };
  const title = stepOf(own, 0)?.title;
  const whole = own.length > 0 ? 'the case can be run' : 'the environment of the suite comes up';
  return { promised: title === undefined ? whole : `${title} can be done`, seen: error.message };
}

const LOSSES = 'meanwhile: ';

/** The engine adds to a hint which services went in the course of the case. */
function hintOf({ hint }: ErrorRecord, root: string): Pick<FailureStory, 'hint' | 'losses'> {
  const parts = hint?.replaceAll(`${root}/`, '').split(' · ') ?? [];
  const losses = parts.find((part) => part.startsWith(LOSSES))?.slice(LOSSES.length);
  const words = parts.filter((part) => !part.startsWith(LOSSES)).join(' · ');
  return { ...(words === '' ? {} : { hint: words }), ...(losses === undefined ? {} : { losses }) };
}

/** What the case was at when its time was over. */
function stuckIn(own: readonly TimelineEvent[]): string {
  const step = stepOf(own, 0);
  const waiting = own.findLast((event) => event.type === 'step-progress' && event.step === step?.id);
  if (!step) return 'no step had begun';
  const last =
    waiting?.type === 'step-progress'
      ? `, waiting for ${waiting.waitingFor}${waiting.last === undefined ? '' : ` (last ${waiting.last})`}`
      : '';
  return `it was at “${step.title}” for ${formatDurationMs(Math.round(step.elapsedMs / 100) * 100)}${last}`;
}

function stepOf(own: readonly TimelineEvent[], zeroMs: number | undefined): FailureStory['step'] {
  const ended = own.find((event) => event.type === 'step-ended' && event.verdict !== 'passed');
  if (ended?.type !== 'step-ended') return undefined;
  const started = own.findLast((event) => event.type === 'step-started' && event.step === ended.step);
  if (started?.type !== 'step-started') return undefined;
  return {
    id: ended.step,
    title: started.title,
    elapsedMs: ended.elapsedMs,
    startedInCaseMs: started.atMs - (zeroMs ?? started.atMs),
  };
}

/** An environment that did not come up has no case: the last service that went wrong is the moment. */
function lastBadService(events: readonly TimelineEvent[]): number | undefined {
  return events.findLast((event) => event.type === 'service' && ['exited', 'failed'].includes(event.state))?.atMs;
}

function placeOf({ position }: ErrorRecord, { suite, text, root, events }: StoryFacts): Place | undefined {
  if (!position) return undefined;
  const file = relative(root, position.file);
  const started = events.find((event) => event.type === 'suite-started');
  const sources = started?.type === 'suite-started' ? started.sources : undefined;
  const ran =
    sources?.find((source) => source.file === position.file)?.text ?? (file === suite.file ? text : undefined);
  return {
    file,
    line: position.line,
    col: position.col,
    yaml: ran === undefined ? [] : promiseLines(ran, position),
  };
}

function evidenceOf({ folder, files = [], result, events }: StoryFacts): Evidence[] {
  const services = new Set(events.flatMap((event) => (event.type === 'log' ? [event.service] : [])));
  const found: Evidence[] = [{ what: 'timeline', name: 'timeline', path: `${folder}/timeline.ndjson` }];
  for (const path of files) {
    const inSuite = path.slice(folder.length + 1);
    const name = inSuite.split('/').at(-1) ?? inSuite;
    if (inSuite.startsWith(`${result.case}/`)) {
      found.push({ what: /\.(flv|mkv|mp4|nut|ts|webm)$/.test(name) ? 'recording' : 'other', name, path });
    } else if (/^logs\//.test(inSuite) && services.has(name.replace(/\.log$/, ''))) {
      found.push({ what: 'log', name, path });
    }
  }
  return found;
}
