// Turns zod's issues into problems: each at its place in the YAML, in words, with what was expected or probably meant.

import type { z } from 'zod';
import { nearest } from '../base/nearest-name.ts';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { expectation, NO_WORDS, shapeHint, unitHint } from './issue-words.ts';
import { isUnknownAt, originOf, type Path, positionOf, valueAt } from './origins.ts';
import { listNames, suggestion } from './suggest.ts';

/** Something wrong with a raw value, found by our own code rather than a schema. Paths start at the value. */
export type Finding =
  | { path: Path; message: string; hint?: string | undefined; onKey?: boolean }
  | { problem: Problem; about?: About }
  /** Wrong only because of a reference that has no value yet, or one that is reported already. */
  | { unknown: true };

/** What ties a key that is unknown to the key that is missing because of it. */
type About = { missing: PropertyKey; in: unknown } | { meant: string; in: unknown };

/** Leaves out `x is missing` where another finding says that `x` was misspelled. */
export function withoutEchoes(findings: Finding[]): Finding[] {
  const abouts = findings.flatMap((finding) => ('problem' in finding && finding.about ? [finding.about] : []));
  const meant = abouts.flatMap((about) => ('meant' in about ? [about] : []));
  if (meant.length === 0) return findings;
  return findings.filter((finding) => {
    const about = 'problem' in finding ? finding.about : undefined;
    return !about || 'meant' in about || !meant.some((other) => other.meant === about.missing && other.in === about.in);
  });
}

/** Where a value that is being checked stands. */
export interface Place {
  /** A raw map or list (made by buildRaw), so that positions can be found. */
  root: unknown;
  /** Path of the value inside it. */
  path: Path;
  /** What the value is, in words: `publish`, `this case`. */
  what: string;
  /** Used when the root has no position of its own. */
  fallback: Position;
  /** Keys that may stand in the value beside those of its schema. */
  otherKeys?: readonly string[];
}

export type Checked<T> = { ok: true; output: T } | { ok: false; findings: Finding[] };

type Issue = z.core.$ZodIssue;

/** Parses `value` and positions everything that is wrong with it. */
export function checkAgainst<T>(schema: z.ZodType<T>, value: unknown, place: Place): Checked<T> {
  const knownKeys = new Map<unknown, string[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') {
        const shape = (issue.inst as z.core.$ZodObject | undefined)?._zod.def.shape;
        knownKeys.set(issue.input, Object.keys(shape ?? {}));
      }
      return expectation(issue);
    },
  });
  if (result.success) return { ok: true, output: result.data };
  const translate = new Translator(place, value, knownKeys);
  return { ok: false, findings: withoutEchoes(result.error.issues.flatMap((issue) => translate.issue(issue, []))) };
}

/** Adds findings to a transform's issues, so that they survive the schemas around it and keep their places. */
export function addFindings(context: z.RefinementCtx, findings: Finding[]): void {
  for (const finding of findings) {
    const path = 'path' in finding ? [...finding.path] : [];
    context.addIssue({ code: 'custom', message: 'see params', path, params: { finding } });
  }
}

class Translator {
  #place: Place;
  #value: unknown;
  #knownKeys: Map<unknown, string[]>;

  constructor(place: Place, value: unknown, knownKeys: Map<unknown, string[]>) {
    this.#place = place;
    this.#value = value;
    this.#knownKeys = knownKeys;
  }

  issue(issue: Issue, prefix: Path): Finding[] {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'custom') {
      const finding = issue.params?.finding as Finding | undefined;
      if (finding && !('path' in finding)) return [finding];
      if (finding && this.#isMissing(path)) return [this.#mismatch(finding.message.replace(', got nothing', ''), path)];
      if (finding) return [this.#at(path, finding.message, finding.hint, finding.onKey)];
      if (this.#isMissing(path)) return [this.#mismatch(issue.message, path)];
      return [this.#at(path, `${this.#nameOf(path)}: ${issue.message}`)];
    }
    if (issue.code === 'unrecognized_keys') return this.#unknownKeys(issue.keys, path);
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return this.#union(issue, path);
    if (issue.code === 'invalid_key') {
      const reason = issue.issues[0]?.message ?? 'it is not valid';
      return [this.#at(path, `the key \`${String(path.at(-1))}\` cannot stand here: ${reason}`, undefined, true)];
    }
    return [this.#mismatch(issue.message, path, optionsOf(issue))];
  }

  /** `options`: the words that may stand there, for suggesting the nearest. */
  #mismatch(message: string, path: Path, options: readonly string[] = []): Finding {
    const expected = message.replace(/ \(got .*\)$/s, '').replace(/^expected /, '');
    if (this.#isMissing(path)) {
      const parent = this.#nameOf(path.slice(0, -1));
      const missing = this.#at(path, `\`${String(path.at(-1))}\` is missing in ${parent}`, `expected ${expected}`);
      return { ...missing, about: { missing: path.at(-1) ?? '', in: this.#mapAt(path.slice(0, -1)) } };
    }
    const got =
      message.startsWith('expected ') || / \(got /.test(message) ? describeValue(valueAt(this.#value, path)) : '';
    const wanted =
      /^(exactly|at least|at most|one of|not|must|should)\b/.test(message) && got === ''
        ? message
        : `expected ${expected}`;
    const said = `${this.#nameOf(path)}: ${wanted}${got === '' ? '' : `, got ${got}`}`;
    const value = valueAt(this.#value, path);
    const near = typeof value === 'string' ? nearest(value, options) : undefined;
    const hint =
      near === undefined
        ? (unitHint(message, value) ?? shapeHint(expected, value) ?? this.#typeHint(expected, path))
        : `did you mean \`${near}\`?`;
    return this.#at(path, said, hint);
  }

  /** Findings of the branch that was most probably meant; when that cannot be told, what all of them expect. */
  #union({ errors: branches, message }: z.core.$ZodIssueInvalidUnion, path: Path): Finding[] {
    const alive = branches.filter(
      (issues) => !issues.some((issue) => issue.path.length === 0 && isOfAnotherType(issue)),
    );
    if (alive.length > 0) {
      const translated = alive.map((issues) => issues.flatMap((issue) => this.issue(issue, path)));
      return translated.sort((a, b) => a.length - b.length)[0] ?? [];
    }
    if (message !== NO_WORDS) return [this.#mismatch(message, path)];
    const expected = new Set(
      branches.flatMap((issues) =>
        issues
          .filter((issue) => issue.path.length === 0)
          .flatMap((issue) => expectationsOf(issue))
          .map((message) => message.replace(/ \(got .*\)$/s, '').replace(/^expected /, '')),
      ),
    );
    const options = branches.flat().flatMap(optionsOf);
    return [this.#mismatch(`expected ${[...expected].join(', or ')}`, path, options)];
  }

  #unknownKeys(keys: readonly string[], path: Path): Finding[] {
    const parent = valueAt(this.#value, path);
    const known = [...(this.#knownKeys.get(parent) ?? []), ...(path.length === 0 ? (this.#place.otherKeys ?? []) : [])];
    const present = new Set(typeof parent === 'object' && parent !== null ? Object.keys(parent) : []);
    return keys.map((key) => {
      const free = known.filter((name) => !present.has(name));
      const hint =
        nearest(key, free) === undefined && known.length > 0
          ? `known here: ${listNames(known)}`
          : suggestion(key, free, 'known here');
      const meant = nearest(key, free);
      const unknown = this.#at([...path, key], `unknown key \`${key}\` in ${this.#nameOf(path)}`, hint, true);
      return meant === undefined ? unknown : { ...unknown, about: { meant, in: this.#mapAt(path) } };
    });
  }

  /** `port: "${port}"` is a number when the variable is one, which surprises where text is wanted. */
  #typeHint(expected: string, path: Path): string | undefined {
    if (!/\btext\b/.test(expected)) return undefined;
    const { root, path: before } = this.#place;
    const full = [...before, ...path];
    const entry = originOf(valueAt(root, full.slice(0, -1)))?.entries.get(full.at(-1) as string | number);
    if (!entry?.referred) return undefined;
    return 'a reference alone keeps the type of its value: quote the value where it is defined';
  }

  /** Identifies a map; the parts of one that was split for a wrapped check are the same. */
  #mapAt(path: Path): unknown {
    const map = valueAt(this.#value, path);
    return originOf(map) ?? map;
  }

  #isMissing(path: Path): boolean {
    if (path.length === 0) return false;
    const parent = valueAt(this.#value, path.slice(0, -1));
    return (
      typeof parent === 'object' &&
      parent !== null &&
      !Array.isArray(parent) &&
      !Object.hasOwn(parent, path.at(-1) ?? '')
    );
  }

  #nameOf(path: Path): string {
    const key = path.findLast((part) => typeof part === 'string');
    if (key === undefined) return path.length === 0 ? this.#place.what : `an entry of ${this.#place.what}`;
    return typeof path.at(-1) === 'number' ? `an entry of \`${String(key)}\`` : `\`${String(key)}\``;
  }

  #at(path: Path, message: string, hint?: string, onKey?: boolean): Finding {
    const { root, fallback } = this.#place;
    const full = [...this.#place.path, ...path];
    // An unknown or missing key is wrong whatever the values turn out to be.
    if (!onKey && !this.#isMissing(path) && isUnknownAt(root, full)) return { unknown: true };
    // What is wrong with the whole is shown where the caller says the whole is (a check: at its subject).
    const position = full.length === 0 ? fallback : (positionOf(root, full, onKey) ?? fallback);
    return { problem: { severity: 'error', message, position, ...(hint === undefined ? {} : { hint }) } };
  }
}

const isOfAnotherType = (issue: Issue): boolean =>
  issue.code === 'invalid_type' ||
  issue.code === 'invalid_value' ||
  issue.code === 'invalid_format' ||
  (issue.code === 'invalid_union' &&
    (issue.errors.length === 0 ||
      issue.errors.every((branch) => branch.some((inner) => inner.path.length === 0 && isOfAnotherType(inner)))));

function expectationsOf(issue: Issue): string[] {
  if (issue.code !== 'invalid_union') return [issue.message];
  return issue.errors.flatMap((branch) => branch.filter((inner) => inner.path.length === 0).flatMap(expectationsOf));
}

const optionsOf = (issue: Issue): string[] => (issue.code === 'invalid_value' ? issue.values.map(String) : []);

/** A value in a message: short, and by its kind when it is a map or list. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
