// Raw list -> steps: each a map with one key, parsed by its kind; those that need a value saved at run time are kept to
// be parsed again then.

import { TestcardError } from '../model/errors.ts';
import type { StepNode, Vars } from '../model/suite.ts';
import { type BrokenStep, type ParsedStep, setStepFacts } from './facts.ts';
import { currentFrame, inFrame } from './frame.ts';
import { checkAgainst, describeValue, type Finding } from './issues.ts';
import { type Origin, originOf, positionOf, type UnresolvedReference, unresolvedIn } from './origins.ts';
import { describeSafely, under } from './parse-checks.ts';
import { parseUse } from './parse-use.ts';
import { buildRaw } from './raw.ts';
import { isPlainMap } from './raw-shapes.ts';
import type { CompiledStep } from './registry.ts';
import { suggestion } from './suggest.ts';

export interface ParsedSteps {
  /** In order; broken ones are in `findings` too. */
  entries: ParsedStep[];
  findings: Finding[];
}

/** Values tried in turn for a reference that has none before the run, to validate the rest of the step around it. */
const PLACEHOLDERS = [1, '1s', '50%', true];

export function parseSteps(raw: unknown): ParsedSteps {
  if (!Array.isArray(raw)) {
    const hint = isPlainMap(raw) ? 'start each step with `- `' : undefined;
    return {
      entries: [],
      findings: [{ path: [], message: `expected a list of steps, got ${describeValue(raw)}`, hint }],
    };
  }
  if (raw.length === 0)
    return { entries: [], findings: [{ path: [], message: 'expected at least one step, got an empty list' }] };
  const outer = currentFrame();
  const parsed: ParsedSteps = { entries: [], findings: [] };
  for (const [index, entry] of raw.entries()) {
    outer.stepRaws.add(entry);
    const step = parseStep(entry);
    parsed.entries.push(step.entry);
    parsed.findings.push(...step.findings.map((finding) => under(index, finding)));
  }
  outer.steps.push(...parsed.entries);
  return parsed;
}

interface ParsedOne {
  entry: ParsedStep;
  findings: Finding[];
}

function parseStep(raw: unknown): ParsedOne {
  const origin = originOf(raw);
  if (!isPlainMap(raw) || !origin) return brokenStep(raw, [notAMap(raw)]);
  const { steps } = origin.session.registry;
  const keys = Object.keys(raw);
  const [key] = keys;
  if (key === undefined || keys.length > 1) return brokenStep(raw, [manyKeys(keys, raw, steps)]);
  const step = steps.get(key);
  if (!step) {
    const hint = origin.session.registry.checks.has(key)
      ? `\`${key}\` is a check: put it into \`expect\`, \`eventually\` or \`throughout\``
      : suggestion(key, steps.keys(), 'steps are');
    return brokenStep(raw, [{ path: [key], onKey: true, message: `unknown step \`${key}\``, hint }]);
  }
  const { result, frame } = inFrame(() => parseInput(step, raw, key, origin));
  const unresolved = unresolvedIn(raw, frame.stepRaws);
  if (result.ok) return { entry: stepNode(step, raw, origin, result.output, unresolved), findings: [] };
  if (unresolved.length > 0 && onlyUnknown(result.findings)) {
    const tentative = tryPlaceholders(step, key, origin);
    if (tentative.findings.length > 0) return brokenStep(raw, tentative.findings);
    return { entry: stepNode(step, raw, origin, tentative.input, unresolved, asWritten(key, raw[key])), findings: [] };
  }
  const broken: BrokenStep = { broken: true, raw, steps: frame.steps, checks: frame.checks };
  return { entry: broken, findings: result.findings };
}

function parseInput(step: CompiledStep, raw: Record<string, unknown>, key: string, origin: Origin) {
  if (key === 'use') return parseUse(raw, origin, parseSteps);
  const fallback = origin.source.positionAt(origin.offset);
  return checkAgainst(step.schema, raw[key], { root: raw, path: [key], what: `\`${key}\``, fallback });
}

const onlyUnknown = (findings: Finding[]): boolean => findings.every((finding) => 'unknown' in finding);

/** Parses the step again with other values for what is unresolved; gives up without an input when none of them fits. */
function tryPlaceholders(step: CompiledStep, key: string, origin: Origin): { input: unknown; findings: Finding[] } {
  const { source, scope, session } = origin;
  for (const placeholder of PLACEHOLDERS) {
    const again = buildRaw(origin.node, { source, scope, session, allowSaved: true, placeholder }).value;
    if (!isPlainMap(again)) break;
    const { result } = inFrame(() => parseInput(step, again, key, originOf(again) ?? origin));
    if (result.ok) return { input: result.output, findings: [] };
    if (!onlyUnknown(result.findings)) return { input: undefined, findings: result.findings };
  }
  return { input: undefined, findings: [] };
}

function stepNode(
  { kind }: CompiledStep,
  raw: object,
  origin: Origin,
  input: unknown,
  unresolved: UnresolvedReference[],
  /** Used when the input holds made-up values, which must not be shown. */
  written?: string,
): StepNode {
  const { session } = origin;
  const later = unresolved.length > 0;
  const title = written ?? describeSafely(() => kind.describe(input), kind.key);
  const node: StepNode = {
    key: kind.key,
    kind,
    input: later ? undefined : input,
    bind: (saved) => (later ? bindStep(origin, saved) : input),
    title: session.mask(title),
    position: positionOf(raw, []) ?? origin.source.positionAt(origin.offset),
  };
  setStepFacts(node, { raw, kind, input, unresolved });
  return node;
}

/** `wait ${delay}`: the step in a line, as it was written. */
function asWritten(key: string, value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return `${key} ${text.length > 100 ? `${text.slice(0, 99)}…` : text}`;
}

/** The step's input with values that earlier steps saved. */
function bindStep(origin: Origin, saved: Vars): unknown {
  const session = origin.session.again();
  const values = Object.entries(saved).map(([name, value]) => [name, { value, secret: false, broken: false }] as const);
  const scope = origin.scope.with(values.map(([name, value]) => [name, value]));
  const raw = buildRaw(origin.node, { source: origin.source, scope, session, allowSaved: true }).value;
  const { entry, findings } = inFrame(() => parseStep(raw)).result;
  const [problem] = [
    ...findings.flatMap((finding) => ('problem' in finding ? [finding.problem] : [])),
    ...session.problems(origin.source.file),
  ];
  if (problem) {
    throw new TestcardError('SUITE_INVALID', session.mask(problem.message), {
      position: problem.position,
      hint: problem.hint,
    });
  }
  if (!('broken' in entry) && entry.input !== undefined) return entry.input;
  const [missing] = unresolvedIn(raw);
  throw new TestcardError('SUITE_INVALID', `nothing has been saved as \`${missing?.name ?? '?'}\` yet`, {
    position: missing?.position ?? origin.source.positionAt(origin.offset),
    hint: suggestion(missing?.name ?? '', Object.keys(saved), 'saved so far', 'no step has saved anything yet'),
  });
}

function brokenStep(raw: unknown, findings: Finding[]): ParsedOne {
  return { entry: { broken: true, raw, steps: [], checks: [] }, findings };
}

function notAMap(raw: unknown): Finding {
  const word = typeof raw === 'string' ? /^[a-z-]+/.exec(raw)?.[0] : undefined;
  const hint = word === undefined ? undefined : `write \`- ${word}: …\``;
  return { path: [], message: `expected a step (a map with one key), got ${describeValue(raw)}`, hint };
}

function manyKeys(keys: string[], raw: Record<string, unknown>, steps: ReadonlyMap<string, unknown>): Finding {
  if (keys.length === 0) return { path: [], message: 'expected a step (a map with one key), got an empty map' };
  const known = keys.filter((key) => steps.has(key));
  const [only] = known;
  const message = `a step is a map with one key: this one has ${keys.map((key) => `\`${key}\``).join(', ')}`;
  // The usual slip: what belongs to the step stands at the same depth as its key.
  if (known.length === 1 && only !== undefined && raw[only] === null) {
    return {
      path: [only],
      onKey: true,
      message,
      hint: `indent what belongs to \`${only}\` further than \`${only}\` itself`,
    };
  }
  const second = keys[1] ?? '';
  const hint = known.length > 1 ? 'start each step with `- `' : `what belongs to a step goes below its key, indented`;
  return { path: [second], onKey: true, message, hint };
}
