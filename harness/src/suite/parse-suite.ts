// YAML text -> Suite, or every problem of it at once, each with its place.

import { basename } from 'node:path';
import { isMap, isSeq, type YAMLMap } from 'yaml';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { Case, Suite } from '../model/suite.ts';
import { identifyCases, slug } from './case-identity.ts';
import { type IncludedFile, type ResolveInclude, readIncludes } from './include.ts';
import { checkAgainst } from './issues.ts';
import { checkOverrides, type Known, type KnownOf, knownNames } from './known.ts';
import { checkNames } from './names.ts';
import { isUnknownAt, valueAt } from './origins.ts';
import { type ParsedCase, parseCase, reportFindings, type SuiteDefaults } from './parse-case.ts';
import { buildRaw, entriesOf, followAlias, type MapEntry } from './raw.ts';
import { checkBlocks, readBlocks } from './read-blocks.ts';
import { compileRegistry, type Registry } from './registry.ts';
import { Scope, type VariableDefinition } from './scope.ts';
import { Session } from './session.ts';
import { offsetOf, readSource, type SuiteSource } from './source.ts';
import { setSuiteFacts } from './suite-facts.ts';
import { DEFAULT_PRIORITY, type TopFields, topSchema } from './suite-schema.ts';
import { evaluateIn, readVariables } from './variables.ts';

export interface ParseOptions {
  registry: Registry;
  /** Where `${env.NAME}` and `${secret.NAME}` are read from: usually `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Finds and reads an included file; without it, `include` is an error. */
  resolveInclude?: ResolveInclude;
  /** Names to check against, as far as they are known. */
  known?: Known;
  /** As `known`, by the suite's `environment`; a Problem without a useful place is shown at that key. */
  knownOf?: KnownOf;
}

export interface ParseResult {
  /** Present when there is no error. */
  suite?: Suite;
  problems: Problem[];
  /** Values of the secrets that the suite refers to: mask them in everything that is shown. */
  secrets: string[];
  /** Texts of all files that were read, for code frames. */
  texts: Map<string, string>;
}

/** Keys that are parsed apart from the plain fields at the top. */
const LATE_KEYS = ['vars', 'throughout', 'blocks', 'cases'];

/** `file` is the absolute path; it is what positions name. Never throws for anything in the text. */
export function parseSuite(text: string, file: string, options: ParseOptions): ParseResult {
  const session = new Session(compileRegistry(options.registry), options.env ?? {});
  const texts = new Map([[file, text]]);
  const { source, problems } = readSource(text, file);
  for (const problem of problems) session.report(problem);
  const suite = source ? parseDocument(source, session, options, texts) : undefined;
  const found = session.problems(file);
  const valid = suite !== undefined && !found.some(({ severity }) => severity === 'error');
  return { ...(valid ? { suite } : {}), problems: found, secrets: [...session.secrets], texts };
}

type Entries = ReadonlyMap<string, MapEntry>;

function parseDocument(
  source: SuiteSource,
  session: Session,
  options: ParseOptions,
  texts: Map<string, string>,
): Suite | undefined {
  const root = followAlias(source.doc.contents, source);
  const start: Position = { file: source.file, line: 1, col: 1 };
  if (!isMap(root)) {
    const message =
      source.text.trim() === ''
        ? 'the file is empty: a suite without a case is never green'
        : 'expected a suite (a map with `suite`, `environment` and `cases`)';
    session.error(message, root ? source.positionAt(offsetOf(root, 0)) : start);
    return undefined;
  }
  const entries: Entries = new Map(entriesOf(root, { source, session }).map((entry) => [entry.key, entry]));
  const included = readIncludes(entries.get('include')?.node, source, session, {
    resolve: options.resolveInclude,
    texts,
  });
  const variables = collectVariables(entries, included, source, session);
  const scope = new Scope({ definitions: variables, evaluate: evaluateIn(session) });
  const { top, environmentRef } = parseTop(root, source, scope, session);
  const environmentAt = placeOf(entries, 'environment', source) ?? start;
  const known = knownNames(options, environmentRef, environmentAt, source.file, session);
  for (const file of included) readBlocks(file.blocks, file.source, session);
  readBlocks(entries.get('blocks'), source, session);
  const throughout = entries.get('throughout');
  const defaults: SuiteDefaults = {
    priority: top?.priority,
    tags: top?.tags ?? [],
    variables,
    throughout: throughout ? { node: throughout.node, source } : undefined,
  };
  const parsed = [
    ...included.flatMap((file) => parseCases(file.cases, file.source, defaults, session)),
    ...parseCases(entries.get('cases'), source, defaults, session),
  ];
  if (!entries.has('cases') && !included.some((file) => file.cases)) {
    const hint = 'add `cases`, or include a file that has some';
    session.error('the suite has no cases: it would never be green', start, hint);
  }
  checkBlocks(scope, session);
  checkOverrides(entries.get('services')?.node, source, session, known);
  for (const kase of parsed) checkNames(kase, known, session);
  const cases = identifyCases(parsed, session);
  if (!top) return undefined;
  const suite = suiteOf(top, { source, environmentAt, cases, session });
  setSuiteFacts(suite, { variables, cases: parsed, blocks: [...session.blocks.values()] });
  return suite;
}

interface ParsedTop {
  top?: TopFields;
  /** Also known when something else at the top is wrong, so that names are checked all the same. */
  environmentRef?: string;
}

function parseTop(root: YAMLMap, source: SuiteSource, scope: Scope, session: Session): ParsedTop {
  const { value } = buildRaw(root, { source, scope, session, allowSaved: false, skip: new Set(LATE_KEYS) });
  const fallback = source.positionAt(offsetOf(root, 0));
  const place = { root: value, path: [], what: 'the suite', fallback, otherKeys: LATE_KEYS };
  const checked = checkAgainst(topSchema, value, place);
  if (checked.ok) return { top: checked.output, environmentRef: checked.output.environment };
  reportFindings(checked.findings, session, fallback);
  const written = isUnknownAt(value, ['environment']) ? undefined : valueAt(value, ['environment']);
  return typeof written === 'string' ? { environmentRef: written } : {};
}

/** Variables of the suite, and of what it includes where the suite has none of that name. */
function collectVariables(
  entries: Entries,
  included: IncludedFile[],
  source: SuiteSource,
  session: Session,
): VariableDefinition[] {
  const collected = new Map<string, VariableDefinition>();
  const collect = (entry: MapEntry | undefined, level: VariableDefinition['level'], from: SuiteSource) => {
    if (entry && !isMap(entry.node)) {
      session.error('`vars`: expected a map of names and values', from.positionAt(entry.valueOffset));
    }
    for (const variable of readVariables(entry?.node, level, from, session)) collected.set(variable.name, variable);
  };
  for (const file of included) collect(file.vars, 'include', file.source);
  collect(entries.get('vars'), 'suite', source);
  return [...collected.values()];
}

function parseCases(
  entry: MapEntry | undefined,
  source: SuiteSource,
  defaults: SuiteDefaults,
  session: Session,
): ParsedCase[] {
  if (!entry) return [];
  const { node, keyOffset, valueOffset } = entry;
  if (isSeq(node) && node.items.length > 0) {
    return node.items.flatMap((item) => parseCase(followAlias(item, source), source, defaults, session));
  }
  const empty = node === null || isSeq(node) || source.text.slice(valueOffset).startsWith('cases');
  if (empty) session.error('`cases` is empty: a suite without a case is never green', source.positionAt(keyOffset));
  else
    session.error(
      '`cases`: expected a list of cases',
      source.positionAt(valueOffset),
      'start each case with `- case: …`',
    );
  return [];
}

function placeOf(entries: Entries, key: string, source: SuiteSource): Position | undefined {
  const entry = entries.get(key);
  return entry && source.positionAt(entry.valueOffset);
}

function suiteOf(
  top: TopFields,
  parts: { source: SuiteSource; environmentAt: Position; cases: Case[]; session: Session },
): Suite {
  const { source, environmentAt, cases, session } = parts;
  const services = Object.entries(top.services ?? {}).map(([name, { environment }]) => {
    const values = Object.entries(environment ?? {}).map(([key, value]) => [key, String(value)]);
    return [name, environment ? { environment: Object.fromEntries(values) as Record<string, string> } : {}] as const;
  });
  return {
    file: source.file,
    id: slug(basename(source.file).replace(/(\.suite)?\.ya?ml$/, '')) || 'suite',
    name: session.mask(top.suite),
    priority: top.priority ?? DEFAULT_PRIORITY,
    tags: top.tags ?? [],
    environment: { ref: top.environment, position: environmentAt },
    services: Object.fromEntries(services),
    cases,
    text: source.text,
    ...(top.description === undefined ? {} : { description: session.mask(top.description) }),
  };
}
