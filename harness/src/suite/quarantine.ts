// Reads the quarantine list: cases that are known to fail, each with who answers for it and until when. Names are checked against the suites.

import { isSeq } from 'yaml';
import { z } from 'zod';
import type { Problem } from '../model/errors.ts';
import { isExpired, type QuarantineEntry } from '../model/quarantine.ts';
import type { Case, Suite } from '../model/suite.ts';
import { checkAgainst } from './issues.ts';
import { positionOf } from './origins.ts';
import { reportFindings } from './parse-case.ts';
import { buildRaw, followAlias } from './raw.ts';
import { compileRegistry } from './registry.ts';
import { Scope } from './scope.ts';
import { Session } from './session.ts';
import { offsetOf, readSource } from './source.ts';
import { suggestion } from './suggest.ts';
import { evaluateIn } from './variables.ts';

/** More known failures than this are no list of exceptions any more. */
const MAX_ENTRIES = 500;

const text = (what: string) => z.string(`expected ${what}`).min(1, `expected ${what}`);

const isDay = (value: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value) === true;

const quarantineEntrySchema = z
  .strictObject({
    case: text('the title of a case').describe('Title of the case, whole, as `testcard list` shows it.'),
    suite: text('the name of a suite')
      .optional()
      .describe('Name of its suite; needed where cases of several suites have that title.'),
    owner: text('who answers for it').describe('Who answers for it: a person or a team.'),
    url: z
      .string('expected a URL')
      .refine(
        (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''),
        'expected a URL, such as https://tracker.example/4711',
      )
      .describe('Where it is being worked on.'),
    expires: z
      .string('expected a day, such as 2026-12-31')
      .refine(isDay, 'expected a day, such as 2026-12-31')
      .describe('Last day on which the entry holds, `YYYY-MM-DD`, UTC; after it the case blocks.'),
    reason: text('why it fails').describe('Why it fails, in a sentence.'),
  })
  .describe('A case that is known to fail: it does not block until the entry expires, and it must still fail.');

/** For editors. */
export const buildQuarantineSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Cases that are known to fail',
  ...z.toJSONSchema(z.array(quarantineEntrySchema), { target: 'draft-2020-12' }),
});

export interface QuarantineResult {
  entries: QuarantineEntry[];
  problems: Problem[];
  /** For code frames. */
  texts: Map<string, string>;
}

export interface QuarantineOptions {
  /** All suites of the project, not only those that are run. */
  suites: readonly Suite[];
  /** False when a suite could not be read: then a name that is not found proves nothing. */
  areAllKnown: boolean;
  nowMs: number;
}

/** `file` is the absolute path; positions name it. Never throws for anything in the text. */
export function parseQuarantine(content: string, file: string, options: QuarantineOptions): QuarantineResult {
  const session = new Session(compileRegistry({ steps: [], checks: [] }), {});
  const entries = readEntries(content, file, session, options);
  return { entries, problems: session.problems(file), texts: new Map([[file, content]]) };
}

function readEntries(content: string, file: string, session: Session, options: QuarantineOptions): QuarantineEntry[] {
  const { source, problems } = readSource(content, file);
  for (const problem of problems) session.report(problem);
  if (!source) return [];
  const root = followAlias(source.doc.contents, source);
  const start = { file, line: 1, col: 1 };
  if (root === null) return []; // nothing is quarantined
  if (!isSeq(root)) {
    session.error('expected a list of quarantined cases', start, 'start each with `- case: …`');
    return [];
  }
  if (root.items.length > MAX_ENTRIES) {
    session.error(`${root.items.length} cases are quarantined, more than ${MAX_ENTRIES}`, start);
    return [];
  }
  const scope = new Scope({ evaluate: evaluateIn(session) });
  const { value } = buildRaw(root, { source, scope, session, allowSaved: false });
  const found: QuarantineEntry[] = [];
  for (const [index, item] of root.items.entries()) {
    const position = source.positionAt(offsetOf(item, 0));
    const raw = Array.isArray(value) ? (value[index] as unknown) : undefined;
    const checked = checkAgainst(quarantineEntrySchema, raw, {
      root: value,
      path: [index],
      what: 'this entry',
      fallback: position,
    });
    if (!checked.ok) {
      reportFindings(checked.findings, session, position);
      continue;
    }
    const { owner, url, expires, reason } = checked.output;
    const at = (key: string) => positionOf(value, [index, key]) ?? position;
    const meant = caseOf(checked.output, { session, options, at });
    if (!meant) continue;
    const same = found.find((each) => each.suite === meant.suite.id && each.case === meant.kase.id);
    if (same)
      session.error('this case is quarantined twice', at('case'), `the first entry is in line ${same.position.line}`);
    if (isExpired({ expires }, options.nowMs)) {
      session.report({
        severity: 'warning',
        message: `the quarantine of “${meant.kase.title}” expired on ${expires}: the case blocks`,
        position: at('expires'),
        hint: `${owner} must repair the case or renew the entry (${url})`,
      });
    }
    found.push({ suite: meant.suite.id, case: meant.kase.id, owner, url, expires, reason, position });
  }
  return found;
}

interface Looking {
  session: Session;
  options: QuarantineOptions;
  at(key: string): Problem['position'];
}

function caseOf(
  entry: z.output<typeof quarantineEntrySchema>,
  { session, options: { suites, areAllKnown }, at }: Looking,
): { suite: Suite; kase: Case } | undefined {
  const ofSuite = entry.suite === undefined ? suites : suites.filter(({ name }) => name === entry.suite);
  if (ofSuite.length === 0 && entry.suite !== undefined) {
    const names = suites.map(({ name }) => name);
    if (areAllKnown)
      session.error(`unknown suite \`${entry.suite}\``, at('suite'), suggestion(entry.suite, names, 'suites are'));
    return undefined;
  }
  const all = ofSuite.flatMap((suite) => suite.cases.map((kase) => ({ suite, kase })));
  const found = all.filter(({ kase }) => kase.title === entry.case);
  if (found.length > 1) {
    const names = found.map(({ suite }) => suite.name).join(', ');
    session.error(`cases of several suites are called “${entry.case}”`, at('case'), `add \`suite\`, one of: ${names}`);
    return undefined;
  }
  if (found.length === 0 && areAllKnown) {
    const titles = all.map(({ kase }) => kase.title);
    session.error(`unknown case “${entry.case}”`, at('case'), suggestion(entry.case, titles, 'cases are'));
  }
  return found[0];
}
