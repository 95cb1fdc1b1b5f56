// The run as Markdown: the step summary of GitHub Actions, or the text of a merge request.

import { formatDurationMs } from '../base/duration.ts';
import { wilsonBounds } from '../base/wilson-bounds.ts';
import { brokenQuarantineOf, excuseOf, isBlocking } from '../model/gate.ts';
import type { CaseResult, RunResult, SuiteResult } from '../model/results.ts';
import { finalAttempts, isFlaky } from '../model/rounds.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import { UNICODE } from './chars.ts';
import type { FailureStory } from './failure-story.ts';
import { renderFailure } from './failure-text.ts';
import { printable, printableLine } from './printable.ts';

/** GitHub refuses larger step summaries whole; other steps of the job have their own. */
export const MOST_SUMMARY_BYTES = 1024 * 1024;
const TEXT_COLUMNS = 110;
/** Of one failure; reports of the run have all of it. */
const LONGEST_TEXT = 8_000;
/** Attempts of one case. */
const MOST_MARKS = 40;

interface Told {
  suite: SuiteResult;
  result: CaseResult;
}

/**
 * At most `maxBytes` of UTF-8: what does not fit is left out whole, from the end, and said to be. `stories` by `<suite>/<case>`.
 */
export function renderMarkdown(
  run: RunResult,
  stories: ReadonlyMap<string, FailureStory> = new Map(),
  maxBytes = MOST_SUMMARY_BYTES,
): string {
  const all: Told[] = run.suites.flatMap((suite) => suite.cases.map((result) => ({ suite, result })));
  const bad = all.filter(({ result }) => isBad(result));
  const blocking = bad.filter(({ result }) => isBlocking(result));
  const excused = bad.filter(({ result }) => !isBlocking(result));
  const sections = [
    head(run, all),
    priorityTable(all),
    ...outsideErrors(run),
    ...blocking.map((told) => failureSection(told, stories)),
    ...(excused.length > 0 ? [`### Did not pass, and does not block`] : []),
    ...excused.map((told) => failureSection(told, stories)),
    roundsTable(run, all),
    figureTable(all),
    foot(run),
  ];
  return fitted(
    sections.filter((section) => section !== ''),
    maxBytes,
  );
}

const isBad = (result: CaseResult): boolean =>
  isBlocking(result) || result.verdict === 'failed' || result.verdict === 'inconclusive';

function head(run: RunResult, all: Told[]): string {
  const count = (verdict: string) => all.filter(({ result }) => result.verdict === verdict).length;
  const flaky = all.filter(({ result }) => isFlaky(result)).length;
  const excused = all.filter(({ result }) => isBad(result) && !isBlocking(result)).length;
  const words = [
    `${count('passed')} passed`,
    `${count('failed')} failed`,
    `${count('inconclusive')} inconclusive`,
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
    `${flaky} flaky`,
    ...(excused > 0 ? [`${excused} of them not blocking`] : []),
  ];
  const gate = run.gate ? ` Only ${run.gate.join(', ')} block.` : '';
  return `## ${MARKS[run.verdict]} Testcard: ${run.verdict}\n\n${words.join(', ')} in ${formatDurationMs(run.elapsedMs)} (exit code ${run.exitCode}).${gate}`;
}

const MARKS: Record<string, string> = { passed: '✅', failed: '❌', inconclusive: '⚠️', skipped: '⏭️' };

function priorityTable(all: Told[]): string {
  const rows = ['P1', 'P2', 'P3'].flatMap((priority) => {
    const own = all.filter(({ result }) => result.priority === priority);
    if (own.length === 0) return [];
    const count = (verdict: string) => own.filter(({ result }) => result.verdict === verdict).length;
    const blocks = own.some(({ result }) => result.isGating !== false) ? 'yes' : 'no';
    return [
      `| ${priority} | ${count('passed')} | ${count('failed')} | ${count('inconclusive')} | ${count('skipped')} | ${blocks} |`,
    ];
  });
  if (rows.length === 0) return '';
  return [
    '| priority | passed | failed | inconclusive | skipped | blocks |',
    '|---|--:|--:|--:|--:|---|',
    ...rows,
  ].join('\n');
}

function outsideErrors(run: RunResult): string[] {
  const of = (name: string, error: ErrorRecord) =>
    `### ${MARKS.inconclusive} ${escapeText(name)}\n\n${fence(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`)}`;
  return [
    ...run.suites.flatMap((suite) => suite.errors.map((error) => of(suite.name, error))),
    ...run.errors.map((error) => of('outside of suites', error)),
  ];
}

function failureSection({ suite, result }: Told, stories: ReadonlyMap<string, FailureStory>): string {
  const story = stories.get(`${suite.suite}/${result.case}`);
  const { quarantine } = result;
  const broken = brokenQuarantineOf(result);
  const excuse = excuseOf(result);
  const title = `${escapeText(`${suite.name} › ${result.title}`)} · ${result.priority} · <code>${escapeText(result.at)}</code>`;
  const notes = [
    ...(broken === undefined ? [] : [`**Quarantine:** ${escapeText(broken)} (${linkTo(quarantine?.url)})`]),
    ...(excuse === undefined ? [] : [escapeText(excuse)]),
  ];
  const text = story
    ? renderFailure(story, { color: false, columns: TEXT_COLUMNS, chars: UNICODE })
    : [result.error?.message, result.error?.hint, result.codeFrame].filter((part) => part !== undefined).join('\n');
  const isOpen = excuse === undefined ? ' open' : '';
  return [
    `<details${isOpen}><summary>${MARKS[broken === undefined ? result.verdict : 'failed']} ${title}</summary>`,
    '',
    ...notes.flatMap((note) => [note, '']),
    ...(text === '' ? [] : [fence(text), '']),
    '</details>',
  ].join('\n');
}

const linkTo = (url: string | undefined): string =>
  url === undefined ? '' : `<${url.replace(/[<>\s]/g, encodeURIComponent)}>`;

/** Every case of a run in rounds; of another run those that passed only when they were tried again. */
function roundsTable({ repeat }: RunResult, all: Told[]): string {
  const isOfRounds = (repeat?.rounds ?? 1) > 1;
  const rows = all.flatMap(({ suite, result }) => {
    const { attempts = [] } = result;
    if (attempts.length === 0 || !(isOfRounds || isFlaky(result))) return [];
    const rounds = finalAttempts(attempts);
    const passed = rounds.filter(({ verdict }) => verdict === 'passed').length;
    const { low, high } = wilsonBounds(passed, rounds.length);
    const name = `${escapeText(`${suite.name} › ${result.title}`)}${isFlaky(result) ? ' · **flaky**' : ''}`;
    const order = attempts.map(({ verdict }) => MARKS[verdict]).join('');
    return [
      `| ${name} | ${passed} of ${rounds.length} | ${percent(low)} to ${percent(high)} | ${[...order].slice(0, MOST_MARKS).join('')} |`,
    ];
  });
  if (rows.length === 0) return '';
  const promise = isOfRounds ? `\nA case must pass in ${percent(repeat?.minPass ?? 1)} of its rounds.\n` : '';
  const head = ['| case | rounds passed | 95 % bounds | attempts |', '|---|--:|--:|---|'];
  return [`### ${isOfRounds ? 'Rounds' : 'Flaky'}`, promise, ...head, ...rows].join('\n');
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

function figureTable(all: Told[]): string {
  const rows = all.flatMap(({ suite, result }) =>
    result.figures.map(
      ({ name, value, promised = '', verdict }) =>
        `| ${escapeText(`${suite.name} › ${result.title}`)} | ${MARKS[verdict]} ${escapeText(name)} | ${escapeText(value)} | ${escapeText(promised)} |`,
    ),
  );
  if (rows.length === 0) return '';
  const table = ['| case | measured | value | promised |', '|---|---|---|---|', ...rows];
  return [`<details><summary>${rows.length} figures measured</summary>`, '', ...table, '', '</details>'].join('\n');
}

function foot(run: RunResult): string {
  const runtime = run.rerun ? `, ${run.rerun.runtime} runtime` : '';
  return `<sub>\`${run.command.replaceAll('`', "'")}\`${runtime} · evidence in \`${run.folder}\`</sub>`;
}

/** Text of a suite or a pipeline, inert: no markup, no table cell, no mention of a user or an issue. */
function escapeText(text: string): string {
  return printableLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()#!|~]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replaceAll('@', '&#64;');
}

/** A block of code whose fence is longer than any run of backticks in it. */
function fence(text: string): string {
  const clean = printable(text);
  const shown = clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}\n… cut` : clean;
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}text\n${shown}\n${ticks}`;
}

/** The first and the last section always; of those between, the first ones that fit. */
function fitted(sections: string[], maxBytes: number): string {
  const whole = `${sections.join('\n\n')}\n`;
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const [first = '', ...rest] = sections;
  const last = rest.pop() ?? '';
  const leftOut = (count: number) => `_${count} sections left out: the summary would be larger than is allowed._`;
  let left = maxBytes - Buffer.byteLength(`${first}\n\n${leftOut(rest.length)}\n\n${last}\n`);
  const kept: string[] = [];
  for (const section of rest) {
    const size = Buffer.byteLength(section) + 2;
    if (size > left) break;
    kept.push(section);
    left -= size;
  }
  return left < 0 && kept.length === 0
    ? ''
    : `${[first, ...kept, leftOut(rest.length - kept.length), last].join('\n\n')}\n`;
}
