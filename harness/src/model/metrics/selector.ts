// Which series a metric check looks at: `name{label="v", other=~"a|b"}`, the part of PromQL that everybody knows.

import type { MetricPoint } from '../ports.ts';

export interface LabelMatcher {
  key: string;
  /** `=~` and `!~` hold a regular expression that must match the whole value, as in PromQL. */
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

export interface Selector {
  name: string;
  labels: LabelMatcher[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y;
const SPACE = /\s*/y;

/** The selector that `text` means, or what is wrong with it in one line. */
export function parseSelector(text: string): Selector | { problem: string } {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match) at = pattern.lastIndex;
    return match;
  };
  const expected = (what: string) => ({
    problem: `${what} expected at column ${at + 1} of \`${text}\`; write it like requests_total{status="ok"}`,
  });

  take(SPACE);
  const name = take(NAME)?.[0];
  if (name === undefined) return expected('a metric name');
  take(SPACE);
  if (at === text.length) return { name, labels: [] };
  if (text[at] !== '{') return expected('`{` or nothing more');
  at += 1;
  const labels: LabelMatcher[] = [];
  for (;;) {
    take(SPACE);
    if (text[at] === '}') break;
    const key = take(LABEL)?.[0];
    if (key === undefined) return expected('a label name or `}`');
    take(SPACE);
    const op = take(OPERATOR)?.[0] as LabelMatcher['op'] | undefined;
    if (op === undefined) return expected('one of = != =~ !~');
    take(SPACE);
    const quoted = take(QUOTED);
    if (quoted === undefined) return expected('a quoted value');
    const value = unquote(quoted[1] ?? quoted[2] ?? '');
    if (op === '=~' || op === '!~') {
      const problem = patternProblem(value);
      if (problem !== undefined) return { problem: `label ${key} of \`${text}\`: ${problem}` };
    }
    labels.push({ key, op, value });
    take(SPACE);
    if (text[at] === ',') at += 1;
    else if (text[at] !== '}') return expected('`,` or `}`');
  }
  at += 1;
  take(SPACE);
  return at === text.length ? { name, labels } : expected('nothing more');
}

/** A test for one point, compiled once for many points. A label that a point does not have counts as empty, as in PromQL. */
export function seriesMatcher({ name, labels }: Selector): (point: MetricPoint) => boolean {
  const tests = labels.map(({ key, op, value }) => {
    if (op === '=') return (point: MetricPoint) => (point.labels[key] ?? '') === value;
    if (op === '!=') return (point: MetricPoint) => (point.labels[key] ?? '') !== value;
    const pattern = new RegExp(`^(?:${value})$`, 's');
    return (point: MetricPoint) => pattern.test(point.labels[key] ?? '') === (op === '=~');
  });
  return (point) => point.name === name && tests.every((test) => test(point));
}

/** One series as it is written in a selector; labels in alphabetical order, so that equal series give equal text. */
export function formatSeries({ name, labels }: { name: string; labels: Record<string, string> }): string {
  const keys = Object.keys(labels);
  if (keys.length === 0) return name;
  return `${name}{${keys
    .sort()
    .map((key) => `${key}=${quote(labels[key] ?? '')}`)
    .join(',')}}`;
}

export function formatSelector({ name, labels }: Selector): string {
  return labels.length === 0
    ? name
    : `${name}{${labels.map(({ key, op, value }) => `${key}${op}${quote(value)}`).join(',')}}`;
}

function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function unquote(text: string): string {
  // Regular expressions keep their own escapes (`\d`), so an escape that means nothing here stays as it is.
  return text.replace(/\\(["'\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(`^(?:${pattern})$`, 's');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
