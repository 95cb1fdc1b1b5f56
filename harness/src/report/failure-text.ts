// A failure as a person reads it on a terminal: the promise, what was seen, when, what else happened, where to look, how to run it again.

import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import type { Chars } from './chars.ts';
import type { FailureStory, Place } from './failure-story.ts';
import { fitSegments, wrapText } from './fit-text.ts';
import type { Happening } from './happenings.ts';

export interface TextStyle {
  color: boolean;
  columns: number;
  chars: Chars;
}

type Colors = ReturnType<typeof pc.createColors>;

/** Wide enough for the longest label and two spaces. */
const LABEL_CELLS = 12;
/** Wider lines are hard to read. */
const WIDEST = 140;
const NARROWEST = 40;
/** Steps have titles made of all that is in them. */
const LONGEST_TITLE = 60;

export function renderFailure(story: FailureStory, style: TextStyle): string {
  const c = pc.createColors(style.color);
  const { chars } = style;
  const strong = story.verdict === 'failed' ? c.red : c.yellow;
  const badge = story.verdict === 'failed' ? 'FAILED' : 'INCONCLUSIVE';
  const line = (label: string, text: string, paint?: (text: string) => string) => labelled(label, text, style, paint);
  return [
    `${c.bold(strong(badge))} ${c.bold(chars.text(`${story.suite} › ${story.title}`))}`,
    ...line('promised', story.promised),
    ...line('seen', story.seen, strong),
    ...(story.looked === undefined ? [] : line('', story.looked, c.dim)),
    ...line('when', whenText(story)),
    ...(story.place ? frameLines(story.place, style, strong) : []),
    ...story.also.flatMap(({ promised, seen, place }) =>
      line('also', `${promised} — ${seen}${place ? ` (${place.file}:${place.line})` : ''}`),
    ),
    ...story.inForce.flatMap(({ title, sinceMs, isProven }, index) =>
      line(index === 0 ? 'in force' : '', inForceText(story, title, sinceMs, isProven), c.magenta),
    ),
    ...meanwhileLines(story, style, c),
    ...(story.losses === undefined ? [] : line('services', story.losses)),
    ...(story.hint === undefined ? [] : line('hint', story.hint)),
    ...evidenceLines(story, style),
    // Never broken into lines: it is there to be copied.
    `  ${c.dim('run again'.padEnd(LABEL_CELLS))}${c.cyan(story.rerun)}`,
  ].join('\n');
}

function whenText({ when, step }: FailureStory): string {
  if (!when) return 'before the case began';
  const later = when.judgedInCaseMs - when.inCaseMs;
  const judged = later > 100 ? `, judged at ${clock(when.judgedInCaseMs)}` : '';
  const title = step && step.title.length > LONGEST_TITLE ? `${step.title.slice(0, LONGEST_TITLE - 1)}…` : step?.title;
  const took = step && step.elapsedMs >= 100 ? ` (${formatDurationMs(Math.round(step.elapsedMs))})` : '';
  const during = step ? `, in step ${stepNumber(step.id)} “${title}”${took}` : '';
  return `${clock(when.inCaseMs)} into the case${judged}${during}`;
}

/** As people count: steps are stored from 0. */
const stepNumber = (id: string) =>
  id
    .split('.')
    .map((part) => Number(part) + 1)
    .join('.');

function inForceText({ when }: FailureStory, title: string, sinceMs: number, isProven: boolean): string {
  const since = when ? `, since ${clock(when.inCaseMs - (when.atMs - sinceMs))}` : '';
  return `${title}${since}${isProven ? '' : ', not proven'}`;
}

function meanwhileLines(story: FailureStory, style: TextStyle, c: Colors): string[] {
  const { meanwhile, leftOut, when } = story;
  if (meanwhile.length === 0)
    return when
      ? labelled(
          'meanwhile',
          'nothing else within 2 s: no fault, no error in a log, no service that went',
          style,
          c.dim,
        )
      : [];
  const shown = meanwhile.flatMap((each, index) =>
    labelled(
      index === 0 ? 'meanwhile' : '',
      happeningText(each, when !== undefined),
      style,
      each.weight === 'bad' ? c.red : undefined,
    ),
  );
  const more = leftOut === 0 ? [] : labelled('', `and ${leftOut} more within 2 s`, style, c.dim);
  return [...shown, ...more];
}

function happeningText({ inCaseMs, offsetMs, text, count }: Happening, isInCase: boolean): string {
  const tenths = Math.round(Math.abs(offsetMs) / 100);
  const apart = `${(tenths / 10).toFixed(1)} s ${offsetMs < 0 ? 'before' : 'after'}`;
  const at = [...(isInCase ? [clock(inCaseMs)] : []), tenths === 0 ? 'just then' : apart].join(', ');
  return `${at}: ${text}${count > 1 ? ` (${count} times)` : ''}`;
}

/** Paths as a shell takes them, files of one folder together: `…/logs/{a,b}.log`. Never broken into lines. */
function evidenceLines({ evidence }: FailureStory, { color }: TextStyle): string[] {
  const c = pc.createColors(color);
  const order = ['recording', 'other', 'log', 'timeline'];
  const sorted = evidence.toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
  const folders = Map.groupBy(sorted, ({ path }) => path.slice(0, path.lastIndexOf('/') + 1));
  return [...folders].map(([folder, files], index) => {
    const names = files.map(({ path }) => path.slice(folder.length));
    return `  ${c.dim((index === 0 ? 'evidence' : '').padEnd(LABEL_CELLS))}${folder}${braced(names)}`;
  });
}

function braced(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length < 2) return first;
  const end = first.slice(first.lastIndexOf('.'));
  return names.every((name) => name.endsWith(end))
    ? `{${names.map((name) => name.slice(0, -end.length)).join(',')}}${end}`
    : `{${names.join(',')}}`;
}

/** The place as editors and terminals understand it, then the YAML with the promise marked. */
function frameLines({ file, line, col, yaml }: Place, style: TextStyle, strong: (text: string) => string): string[] {
  const c = pc.createColors(style.color);
  const { chars } = style;
  const gutter = String(yaml.at(-1)?.number ?? 0).length;
  const width = Math.max(NARROWEST, style.columns - 1);
  const rows = yaml.map(({ number, text, isPromise }) => {
    const label = `${String(number).padStart(gutter)} | `;
    return fitSegments(
      isPromise
        ? [['  > ', strong], [label, c.dim], [chars.text(text)]]
        : [
            [`    ${label}`, c.dim],
            [chars.text(text), c.dim],
          ],
      width,
      chars.ellipsis,
    );
  });
  return [`  ${c.dim('at'.padEnd(LABEL_CELLS))}${c.cyan(`${file}:${line}:${col}`)}`, ...rows];
}

function labelled(
  label: string,
  text: string,
  { color, columns, chars }: TextStyle,
  paint?: (text: string) => string,
): string[] {
  const c = pc.createColors(color);
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns - 1)) - LABEL_CELLS - 2;
  return wrapText(chars.text(text), width).map(
    (line, index) => `  ${c.dim((index === 0 ? label : '').padEnd(LABEL_CELLS))}${paint ? paint(line) : line}`,
  );
}

/** An instant of the case, as messages of checks write it: `+12.3 s`. */
const clock = (ms: number) => `${ms <= -50 ? '−' : '+'}${(Math.abs(ms) / 1000).toFixed(1)} s`;
