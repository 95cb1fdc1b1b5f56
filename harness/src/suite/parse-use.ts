// Puts the steps of a block in the place of a `use`, with the variables that `with` sets.

import type { Vars } from '../model/suite.ts';
import { type Block, type Use, writtenUse } from './blocks.ts';
import { type Checked, checkAgainst, type Finding } from './issues.ts';
import { type Origin, positionOf, unresolvedIn } from './origins.ts';
import type { ParsedSteps } from './parse-steps.ts';
import { buildRaw } from './raw.ts';
import { isValidStep } from './raw-shapes.ts';
import { Scope, type Value } from './scope.ts';
import { suggestion } from './suggest.ts';
import { evaluateIn } from './variables.ts';

/** Blocks inside blocks, at most. */
const MAX_BLOCK_DEPTH = 16;

/** `raw` is the step's map, `{use: …}`; paths of findings start there. */
export function parseUse(
  raw: Record<string, unknown>,
  origin: Origin,
  parseSteps: (raw: unknown) => ParsedSteps,
): Checked<Use> {
  const { session, scope, source } = origin;
  const fallback = source.positionAt(origin.offset);
  const written = checkAgainst(writtenUse, raw.use, { root: raw, path: ['use'], what: '`use`', fallback });
  if (!written.ok) return written;
  const tooLate = unresolvedIn(raw);
  if (tooLate.length > 0) return { ok: false, findings: tooLate.map((reference) => withoutValue(reference, scope)) };
  const short = typeof written.output === 'string';
  const name = typeof written.output === 'string' ? written.output : written.output.name;
  const given = typeof written.output === 'string' ? {} : (written.output.with ?? {});
  const fail = (message: string, hint?: string): Checked<Use> => ({
    ok: false,
    findings: [{ path: short ? ['use'] : ['use', 'name'], message, hint }],
  });
  const block = session.blocks.get(name);
  if (!block) {
    const whenNone = 'define it under `blocks`, here or in an included file';
    return fail(`unknown block \`${name}\``, suggestion(name, session.blocks.keys(), 'blocks are', whenNone));
  }
  block.used = true;
  if (scope.blocks.includes(name)) return fail(`the block uses itself: ${[...scope.blocks, name].join(' → ')}`);
  if (scope.blocks.length >= MAX_BLOCK_DEPTH) return fail(`blocks are nested deeper than ${MAX_BLOCK_DEPTH} levels`);
  const parsed = expandBlock(block, given, origin, parseSteps);
  if (parsed.findings.length > 0) return { ok: false, findings: parsed.findings };
  return { ok: true, output: { name, with: given, steps: parsed.entries.filter(isValidStep) } };
}

/** The block's steps in a scope where `given` wins over the block's own defaults, and those over what is in force around it. */
export function expandBlock(
  block: Block,
  given: Vars,
  { scope, session }: Pick<Origin, 'scope' | 'session'>,
  parseSteps: (raw: unknown) => ParsedSteps,
): ParsedSteps {
  const inner = new Scope({
    parent: scope,
    definitions: block.vars.filter((definition) => !Object.hasOwn(given, definition.name)),
    values: Object.entries(given).map(([name, value]): [string, Value] => [
      name,
      { value, secret: false, broken: false },
    ]),
    blocks: [...scope.blocks, block.name],
    evaluate: evaluateIn(session),
  });
  const steps = buildRaw(block.steps, { source: block.source, scope: inner, session, allowSaved: true }).value;
  const parsed = parseSteps(steps);
  // What is wrong in a block is shown in the block, not where it is used.
  const findings = parsed.findings.map((finding): Finding => {
    if (!('path' in finding)) return finding;
    const position = positionOf(steps, finding.path, finding.onKey) ?? block.position;
    return { problem: { severity: 'error', message: finding.message, position, hint: finding.hint } };
  });
  return { entries: parsed.entries, findings };
}

function withoutValue({ name, position }: { name: string; position: Block['position'] }, scope: Scope): Finding {
  const hint = suggestion(name, scope.names(), 'variables here');
  const message = `\`${name}\` has no value when the suite is read`;
  const direct = `what a step saves can be used inside the block without passing it on`;
  return { problem: { severity: 'error', message, position, hint: hint?.startsWith('did you') ? hint : direct } };
}
