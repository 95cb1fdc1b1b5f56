// Reads `vars` and `matrix`: which variables there are, and the combinations of a matrix.

import { isMap, isSeq, type Node } from 'yaml';
import { buildRaw, entriesOf, followAlias } from './raw.ts';
import type { Evaluate, Scope, Value, VariableDefinition } from './scope.ts';
import type { Session } from './session.ts';
import { offsetOf, type SuiteSource } from './source.ts';
import { VARIABLE_NAME } from './template.ts';

/** Most cases that one matrix may make. */
export const MAX_COMBINATIONS = 256;

const RESERVED = new Set(['env', 'secret']);

/** Evaluates a variable where it belongs: values that steps save come too late for it. */
export function evaluateIn(session: Session): Evaluate {
  return (definition, scope) =>
    buildRaw(definition.node, { source: definition.source, scope, session, allowSaved: false });
}

/** The variables of a `vars` map. What is no map is left to the schema to report. */
export function readVariables(
  found: unknown,
  level: VariableDefinition['level'],
  source: SuiteSource,
  session: Session,
): VariableDefinition[] {
  const node = followAlias(found, source);
  if (!isMap(node)) return [];
  const definitions: VariableDefinition[] = [];
  for (const { key, keyOffset, node: value } of entriesOf(node, { source, session })) {
    const position = source.positionAt(keyOffset);
    if (!isVariableName(key, (message, hint) => session.error(message, position, hint))) continue;
    definitions.push({ name: key, position, source, node: value, level, used: false });
  }
  return definitions;
}

function isVariableName(name: string, refuse: (message: string, hint: string) => void): boolean {
  if (RESERVED.has(name)) {
    refuse(`a variable cannot be called \`${name}\``, `\${${name}.NAME} already means something else`);
    return false;
  }
  if (VARIABLE_NAME.test(name)) return true;
  refuse(`\`${name}\` cannot name a variable`, 'names start with a letter and hold letters, digits, - and _');
  return false;
}

export interface Combination {
  values: [string, Value][];
}

/**
 * Every combination of a matrix, the last list varying fastest; one empty combination without a matrix. Lists may use
 * variables of the suite and of the environment. Shapes that are wrong are left to the schema to report.
 */
export function readMatrix(found: unknown, scope: Scope, source: SuiteSource, session: Session): Combination[] {
  const node = followAlias(found, source);
  if (!isMap(node)) return [{ values: [] }];
  let combinations: Combination[] = [{ values: [] }];
  for (const { key, keyOffset, node: list, valueOffset } of entriesOf(node, { source, session })) {
    const position = source.positionAt(keyOffset);
    if (!isVariableName(key, (message, hint) => session.error(message, position, hint))) continue;
    const found = matrixValues(list, { source, scope, session });
    // A list that is no list still defines its name, so that what refers to it is not reported as well.
    const values = found.length > 0 ? found : [{ value: null, secret: false, broken: true }];
    if (combinations.length * values.length > MAX_COMBINATIONS) {
      session.error(
        `the matrix makes more than ${MAX_COMBINATIONS} cases`,
        source.positionAt(valueOffset),
        'shorten a list, or split the case',
      );
      break;
    }
    combinations = combinations.flatMap(({ values: before }) =>
      values.map((value) => ({ values: [...before, [key, value] as [string, Value]] })),
    );
  }
  return combinations;
}

function matrixValues(node: Node | null, context: { source: SuiteSource; scope: Scope; session: Session }): Value[] {
  const { source } = context;
  const options = { ...context, allowSaved: false };
  if (isSeq(node)) return node.items.map((item) => buildRaw(followAlias(item, source), options));
  // A list may also come from a variable: `delay: "${delays}"`.
  const whole = buildRaw(node, options);
  if (!Array.isArray(whole.value)) {
    if (!whole.broken) {
      context.session.error(
        'a matrix entry is a list of values',
        source.positionAt(offsetOf(node, 0)),
        'write `name: [first, second]`',
      );
    }
    return [];
  }
  return whole.value.map((value: unknown) => ({ value, secret: whole.secret, broken: whole.broken }));
}
