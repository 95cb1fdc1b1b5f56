// One case of the YAML -> its cases: one for every combination of its matrix.

import { isMap, type Node } from 'yaml';
import { parseDurationMs } from '../base/duration.ts';
import type { Case, CheckNode, Priority, StepNode, Vars } from '../model/suite.ts';
import type { ParsedStep } from './facts.ts';
import { inFrame } from './frame.ts';
import { checkAgainst, type Finding } from './issues.ts';
import { originOf, unresolvedIn, valueAt } from './origins.ts';
import { buildRaw, entriesOf } from './raw.ts';
import { isPlainMap } from './raw-shapes.ts';
import { Scope, type VariableDefinition } from './scope.ts';
import type { Session } from './session.ts';
import { offsetOf, type SuiteSource } from './source.ts';
import { suggestion } from './suggest.ts';
import { DEFAULT_PRIORITY, DEFAULT_TIMEOUT } from './suite-schema.ts';
import { evaluateIn, readMatrix, readVariables } from './variables.ts';

/** What a case takes over from its suite. */
export interface SuiteDefaults {
  priority?: Priority | undefined;
  tags: string[];
  variables: VariableDefinition[];
  /** `throughout` of the suite; its variables are those of each case. */
  throughout: { node: Node | null; source: SuiteSource } | undefined;
}

export interface ParsedCase {
  /** Undefined when something is wrong with it. Ids and titles are made unique later. */
  kase?: Case;
  /** For checking names, also when the case is not valid. */
  steps: ParsedStep[];
  throughout: CheckNode[];
  /** Where it was written: the same for all combinations of a matrix. */
  at: string;
  variables: VariableDefinition[];
}

export function parseCase(
  node: Node | null,
  source: SuiteSource,
  defaults: SuiteDefaults,
  session: Session,
): ParsedCase[] {
  const position = source.positionAt(offsetOf(node, 0));
  if (!isMap(node)) {
    session.error('expected a case (a map with `case` and `steps`)', position);
    return [];
  }
  const entries = new Map(entriesOf(node, { source, session }).map((entry) => [entry.key, entry]));
  const variables = readVariables(entries.get('vars')?.node, 'case', source, session);
  const own = new Set(variables.map(({ name }) => name));
  const definitions = [...defaults.variables.filter(({ name }) => !own.has(name)), ...variables];
  const evaluate = evaluateIn(session);
  const combinations = readMatrix(entries.get('matrix')?.node, new Scope({ definitions, evaluate }), source, session);
  for (const [name] of combinations[0]?.values ?? []) {
    const twice = variables.find((variable) => variable.name === name);
    if (twice) session.error(`\`${name}\` is in \`vars\` and in \`matrix\` of the same case`, twice.position);
  }
  return combinations.map(({ values }) => {
    const names = new Set(values.map(([name]) => name));
    const scope = new Scope({
      definitions: definitions.filter(({ name }) => !names.has(name)),
      values,
      evaluate,
    });
    const matrix = Object.fromEntries(
      values.filter(([, { secret, broken }]) => !secret && !broken).map(([name, { value }]) => [name, value]),
    );
    return parseCombination({ node, source, scope, defaults, session, matrix, variables });
  });
}

interface CombinationInput {
  node: Node;
  source: SuiteSource;
  scope: Scope;
  defaults: SuiteDefaults;
  session: Session;
  matrix: Vars;
  variables: VariableDefinition[];
}

/** Only these may hold values that a step saves. */
const LATE_KEYS = new Set(['steps']);

function parseCombination(input: CombinationInput): ParsedCase {
  const { node, source, scope, defaults, session, matrix, variables } = input;
  const position = source.positionAt(offsetOf(node, 0));
  const raw = buildCase(node, source, scope, session);
  const vars = scope.shownValues();
  if (session.exhausted) return { steps: [], throughout: [], at: '', variables };
  const { result, frame } = inFrame(() =>
    checkAgainst(session.registry.caseSchema, raw, { root: raw, path: [], what: 'this case', fallback: position }),
  );
  const at = `${source.file}:${position.line}:${position.col}`;
  const suiteWide = suiteThroughout(defaults, scope, session);
  const ghost: ParsedCase = { steps: frame.steps, throughout: [...suiteWide, ...frame.checks], at, variables };
  if (!result.ok) {
    reportFindings(result.findings, session, position);
    return ghost;
  }
  const fields = result.output;
  const throughout = [...suiteWide, ...(fields.throughout ?? [])];
  const steps: StepNode[] = fields.steps;
  const onlyOn = fields['only-on'];
  const kase: Case = {
    id: '',
    title: session.mask(fields.case),
    tags: [...new Set([...defaults.tags, ...(fields.tags ?? [])])],
    priority: fields.priority ?? defaults.priority ?? DEFAULT_PRIORITY,
    timeoutMs: fields.timeout ?? parseDurationMs(DEFAULT_TIMEOUT) ?? 0,
    vars,
    matrix,
    throughout,
    steps,
    position,
    ...(fields.description === undefined ? {} : { description: session.mask(fields.description) }),
    ...(fields.skip === undefined ? {} : { skip: { reason: session.mask(fields.skip) } }),
    ...(onlyOn === undefined ? {} : { onlyOn: { ...onlyOn, reason: session.mask(onlyOn.reason) } }),
  };
  return { kase, steps, throughout, at, variables };
}

/** The case's raw map. `vars` and `matrix` are read apart; in everything but steps an unknown name is an error now. */
function buildCase(node: Node, source: SuiteSource, scope: Scope, session: Session): unknown {
  const raw = buildRaw(node, { source, scope, session, allowSaved: true }).value;
  if (!isPlainMap(raw)) return raw;
  const origin = originOf(raw);
  for (const key of Object.keys(raw)) {
    if (LATE_KEYS.has(key)) continue;
    const entry = origin?.entries.get(key);
    const early = [...(entry?.unresolved ?? []), ...unresolvedIn(valueAt(raw, [key]))];
    for (const { name, position } of early) {
      session.error(
        `unknown variable \`${name}\``,
        position,
        suggestion(name, scope.names(), 'variables here', 'define it under `vars`'),
      );
    }
  }
  return raw;
}

function suiteThroughout({ throughout }: SuiteDefaults, scope: Scope, session: Session): CheckNode[] {
  if (!throughout) return [];
  // Wrapped in a map of its own, so that the value has a parent to find its position in.
  const { node, source } = throughout;
  const raw = buildRaw(node, { source, scope, session, allowSaved: false }).value;
  const fallback = source.positionAt(offsetOf(node, 0));
  const { result } = inFrame(() =>
    checkAgainst(session.registry.shapes.checks, raw, { root: raw, path: [], what: '`throughout`', fallback }),
  );
  if (result.ok) return result.output;
  reportFindings(result.findings, session, fallback);
  return [];
}

export function reportFindings(findings: Finding[], session: Session, fallback: Case['position']): void {
  for (const finding of findings) {
    if ('problem' in finding) session.report(finding.problem);
    else if ('path' in finding) session.error(finding.message, fallback, finding.hint);
  }
}
