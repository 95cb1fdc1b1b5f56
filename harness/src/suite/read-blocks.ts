// Reads `blocks`, and validates those that nothing uses, so that a mistake in them is not found only later.

import { isMap, isSeq } from 'yaml';
import { z } from 'zod';
import type { Block } from './blocks.ts';
import { inFrame } from './frame.ts';
import { checkAgainst } from './issues.ts';
import { reportFindings } from './parse-case.ts';
import { parseSteps } from './parse-steps.ts';
import { expandBlock } from './parse-use.ts';
import { buildRaw, entriesOf, type MapEntry } from './raw.ts';
import { Scope } from './scope.ts';
import type { Session } from './session.ts';
import type { SuiteSource } from './source.ts';
import { longBlockSchema } from './suite-schema.ts';
import { evaluateIn, readVariables } from './variables.ts';

/** Steps are parsed where the block is used; here they only have to be there. */
const longForm = longBlockSchema(z.custom((value) => value !== undefined, 'a list of steps'));

/** Adds the blocks to the session. The suite's own, read last, replace included ones of the same name. */
export function readBlocks(entry: MapEntry | undefined, source: SuiteSource, session: Session): void {
  if (!entry) return;
  if (!isMap(entry.node)) {
    session.error('`blocks`: expected a map of names and lists of steps', source.positionAt(entry.valueOffset));
    return;
  }
  for (const { key, keyOffset, node } of entriesOf(entry.node, { source, session })) {
    const position = source.positionAt(keyOffset);
    const block: Block = { name: key, position, source, steps: node, vars: [], used: false };
    if (isMap(node)) readLongForm(block, session);
    else if (!isSeq(node)) {
      session.error(`the block \`${key}\` is a list of steps`, position, 'start each step with `- `');
      block.used = true; // said already
    }
    session.blocks.set(key, block);
  }
}

/** `{description, vars, steps}` */
function readLongForm(block: Block, session: Session): void {
  const { source } = block;
  const node = block.steps;
  if (!isMap(node)) return;
  const entries = new Map(entriesOf(node, { source, session }).map((entry) => [entry.key, entry]));
  const skip = new Set(['steps', 'vars']);
  const scope = new Scope({ evaluate: evaluateIn(session) });
  const { value } = buildRaw(node, { source, scope, session, allowSaved: false, skip });
  const steps = entries.get('steps');
  const written = { ...(value as object), ...(steps ? { steps: true } : {}) };
  const what = `the block \`${block.name}\``;
  const checked = checkAgainst(longForm, written, {
    root: value,
    path: [],
    what,
    fallback: block.position,
  });
  if (!checked.ok) reportFindings(checked.findings, session, block.position);
  const vars = entries.get('vars');
  if (vars && !isMap(vars.node)) {
    session.error('`vars`: expected a map of names and values', source.positionAt(vars.valueOffset));
  }
  block.vars = readVariables(vars?.node, 'block', source, session);
  block.steps = steps?.node ?? null;
  if (!steps) block.used = true; // said already
}

/** Parses every block that no case uses, with what variables there are: only what is wrong whatever their values is reported. */
export function checkBlocks(scope: Scope, session: Session): void {
  const unused = [...session.blocks.values()].filter((block) => !block.used);
  for (const block of unused) {
    const { result } = inFrame(() => expandBlock(block, {}, { scope, session }, parseSteps));
    reportFindings(result.findings, session, block.position);
  }
  // Being used by an unused block, or by this check, is not being used.
  for (const block of unused) block.used = false;
}
