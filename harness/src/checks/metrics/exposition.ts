// Reads Prometheus text line by line, and notes everything that the text format (version 0.0.4) does not allow, with its line.

import { formatSeries } from '../../model/metrics/index.ts';

export interface ExpositionProblem {
  /** Counted from 1. */
  line: number;
  message: string;
}

export interface ExpositionSample {
  name: string;
  labels: Record<string, string>;
  value: number;
  line: number;
}

/** A metric in Prometheus' sense: one name, one type, one help text, any number of series. */
export interface ExpositionFamily {
  name: string;
  type?: string;
  help?: string;
  samples: ExpositionSample[];
}

export interface ReadExposition {
  families: Map<string, ExpositionFamily>;
  problems: ExpositionProblem[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
/** Endings of the series that belong to a family of another name. */
const ENDINGS: Record<string, string[]> = { histogram: ['_bucket', '_sum', '_count'], summary: ['_sum', '_count'] };
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const VALUE = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const TIMESTAMP = /^-?\d+$/;
/** Of a text that is something else altogether, the first of these say enough. */
const MAX_PROBLEMS = 100;

/** Never throws: what cannot be read is a problem, and the rest is read on. */
export function readExposition(text: string): ReadExposition {
  const reader = new ExpositionReader();
  const lines = text.split('\n');
  // The last line must end as every other does; what `split` leaves behind it is empty then.
  const unended = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) reader.line(line, index + 1);
  if (unended !== '') {
    reader.line(unended, lines.length + 1);
    reader.problem(lines.length + 1, 'the last line does not end with a line feed');
  } else if (text === '') {
    reader.problem(1, 'the text is empty');
  }
  return { families: reader.families, problems: reader.problems };
}

class ExpositionReader {
  readonly families = new Map<string, ExpositionFamily>();
  readonly problems: ExpositionProblem[] = [];
  #current: ExpositionFamily | undefined;
  #series = new Map<string, number>();

  problem(line: number, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ line, message });
  }

  line(raw: string, at: number): void {
    if (raw.includes('\r')) this.problem(at, 'a carriage return: lines end with a line feed alone');
    const line = raw.replaceAll('\r', '').replace(/^[ \t]+|[ \t]+$/g, '');
    if (line === '') return;
    if (line.startsWith('#')) this.#comment(line, at);
    else this.#sample(line, at);
  }

  #comment(line: string, at: number): void {
    const [, keyword, rest = ''] = /^#[ \t]*(HELP|TYPE)(?:[ \t]+(.*))?$/.exec(line) ?? [];
    if (keyword === undefined) return; // any other comment says nothing
    const name = METRIC_NAME.exec(rest)?.[0];
    const behind = name === undefined ? '' : rest.slice(name.length);
    if (name === undefined || (behind !== '' && !/^[ \t]/.test(behind))) {
      this.problem(at, `${keyword} without a metric name`);
      return;
    }
    const family = this.#enter(name, at);
    if (family.samples.length > 0) this.problem(at, `${keyword} of ${name} comes after its first sample`);
    if (keyword === 'HELP') this.#help(family, behind.replace(/^[ \t]+/, ''), at);
    else this.#type(family, behind.trim(), at);
  }

  #help(family: ExpositionFamily, text: string, at: number): void {
    if (family.help !== undefined) this.problem(at, `a second HELP line of ${family.name}`);
    const unknown = /\\(?![\\n])./.exec(text.replaceAll('\\\\', ''))?.[0];
    if (unknown !== undefined)
      this.problem(at, `the escape ${unknown} in the help of ${family.name}: only \\\\ and \\n exist`);
    family.help ??= text;
  }

  #type(family: ExpositionFamily, type: string, at: number): void {
    if (family.type !== undefined) this.problem(at, `a second TYPE line of ${family.name}`);
    if (!TYPES.includes(type))
      this.problem(at, `the type ${JSON.stringify(type)} of ${family.name}: there are ${TYPES.join(', ')}`);
    family.type ??= type;
    for (const ending of ENDINGS[type] ?? []) {
      const early = this.families.get(family.name + ending)?.samples[0];
      if (early) this.problem(at, `TYPE of ${family.name} comes after its sample in line ${early.line}`);
    }
  }

  #sample(line: string, at: number): void {
    const name = METRIC_NAME.exec(line)?.[0];
    if (name === undefined) {
      this.problem(at, `no metric name at the start of ${shown(line)}`);
      return;
    }
    let rest = line.slice(name.length).replace(/^[ \t]+/, '');
    const labels: Record<string, string> = {};
    if (rest.startsWith('{')) {
      const behind = this.#labels(rest.slice(1), labels, name, at);
      if (behind === undefined) return;
      rest = behind;
    }
    const [valueText = '', timestamp, ...more] = rest.split(/[ \t]+/).filter((token) => token !== '');
    const value = readValue(valueText);
    if (value === undefined) {
      this.problem(at, `the value of ${name} is ${shown(valueText)}, which is no number`);
      return;
    }
    if (timestamp !== undefined && !TIMESTAMP.test(timestamp)) {
      this.problem(at, `the timestamp of ${name} is ${shown(timestamp)}: whole milliseconds are meant`);
    }
    if (more.length > 0) this.problem(at, `${shown(more.join(' '))} after the timestamp of ${name}`);
    this.#add({ name, labels, value, line: at });
  }

  /** What is behind the closing brace; undefined when the labels cannot be read. */
  #labels(text: string, labels: Record<string, string>, metric: string, at: number): string | undefined {
    let rest = text.trimStart();
    while (!rest.startsWith('}')) {
      const name = LABEL_NAME.exec(rest)?.[0];
      const quoted =
        name === undefined ? undefined : /^[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*/.exec(rest.slice(name.length));
      if (name === undefined || !quoted) {
        this.problem(at, `the labels of ${metric} cannot be read from ${shown(rest)} on`);
        return undefined;
      }
      const value = quoted[1] ?? '';
      const unknown = /\\(?![\\n"])./.exec(value.replaceAll('\\\\', ''))?.[0];
      if (unknown !== undefined) {
        this.problem(at, `the escape ${unknown} in the label ${name} of ${metric}: only \\\\, \\" and \\n exist`);
      }
      if (Object.hasOwn(labels, name)) this.problem(at, `${metric} has the label ${name} twice`);
      labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
      rest = rest.slice(name.length + quoted[0].length);
      if (rest.startsWith(',')) rest = rest.slice(1).trimStart();
      else if (!rest.startsWith('}')) {
        this.problem(at, `a comma is missing between the labels of ${metric}, before ${shown(rest)}`);
        return undefined;
      }
    }
    return rest.slice(1);
  }

  #add(sample: ExpositionSample): void {
    this.#enter(this.#familyOf(sample.name), sample.line).samples.push(sample);
    const key = JSON.stringify([sample.name, ...Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const before = this.#series.get(key);
    if (before !== undefined)
      this.problem(sample.line, `${formatSeries(sample)} is there twice, first in line ${before}`);
    else this.#series.set(key, sample.line);
  }

  #familyOf(name: string): string {
    if (this.families.has(name)) return name;
    for (const [type, endings] of Object.entries(ENDINGS)) {
      for (const ending of endings) {
        const base = name.endsWith(ending) ? name.slice(0, -ending.length) : '';
        if (this.families.get(base)?.type === type) return base;
      }
    }
    return name;
  }

  /** All lines of a metric must stand together. */
  #enter(name: string, at: number): ExpositionFamily {
    const known = this.families.get(name);
    const family = known ?? { name, samples: [] };
    if (known !== undefined && known !== this.#current) {
      this.problem(at, `the lines of ${name} do not stand together: those of ${this.#current?.name} are between them`);
    }
    this.families.set(name, family);
    this.#current = family;
    return family;
  }
}

/** As Go reads floats, which is what the format names. */
export function readValue(text: string): number | undefined {
  if (VALUE.test(text)) return Number(text);
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(text) ? Number.NaN : undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
