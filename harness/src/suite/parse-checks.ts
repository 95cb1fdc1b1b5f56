// Raw map -> check: which subject it names, and what its kind's schema makes of it.

import { nearest } from '../base/nearest-name.ts';
import type { CheckNode } from '../model/suite.ts';
import { setCheckFacts } from './facts.ts';
import { currentFrame } from './frame.ts';
import { checkAgainst, describeValue, type Finding } from './issues.ts';
import { originOf, positionOf } from './origins.ts';
import { isPlainMap, splitKeys } from './raw-shapes.ts';
import { listNames } from './suggest.ts';

export type ParsedCheck = { ok: true; node: CheckNode } | { ok: false; findings: Finding[] };

/** `otherKeys`: keys that stand in the same map and belong to the step around the check. */
export function parseCheck(raw: unknown, otherKeys: readonly string[] = []): ParsedCheck {
  const session = originOf(raw)?.session;
  if (!isPlainMap(raw) || !session) {
    return failed({
      path: [],
      message: `expected a check (a map that names what it looks at), got ${describeValue(raw)}`,
    });
  }
  const subjects = [...session.registry.checks.keys()];
  const named = Object.keys(raw).filter((key) => session.registry.checks.has(key));
  const [subject, second] = named;
  if (subject === undefined) return failed(noSubject(raw, subjects, otherKeys));
  if (second !== undefined) {
    return failed({
      path: [second],
      onKey: true,
      message: `a check looks at one thing: this one names ${named.map((key) => `\`${key}\``).join(' and ')}`,
      hint: 'write two checks, each an entry of its own in `expect`',
    });
  }
  const kind = session.registry.checks.get(subject);
  const at = positionOf(raw, [subject], true);
  if (!kind || !at) return failed({ path: [], message: 'expected a check' });
  const findings: Finding[] = [];
  const during = raw.during;
  if (Object.hasOwn(raw, 'during') && (typeof during !== 'string' || during === '')) {
    findings.push({
      path: ['during'],
      message: `\`during\`: expected the name of a phase, got ${describeValue(during)}`,
    });
  }
  const [, body] = splitKeys(raw, ['during']);
  const checked = checkAgainst(kind.schema, body, {
    root: raw,
    path: [],
    what: `this \`${subject}\` check`,
    fallback: at,
    otherKeys: [...otherKeys, 'during'],
  });
  if (!checked.ok) return { ok: false, findings: [...findings, ...checked.findings] };
  if (findings.length > 0) return { ok: false, findings };
  const node: CheckNode = {
    kind,
    input: checked.output,
    title: session.mask(describeSafely(() => kind.describe(checked.output), subject)),
    position: at,
    ...(typeof during === 'string' ? { during } : {}),
  };
  setCheckFacts(node, { raw });
  currentFrame().checks.push(node);
  return { ok: true, node };
}

/** One check, or a list of at least one. All that is wrong in any of them is found. */
export function parseChecks(raw: unknown): { nodes: CheckNode[]; findings: Finding[] } {
  if (!Array.isArray(raw)) {
    const parsed = parseCheck(raw);
    return parsed.ok ? { nodes: [parsed.node], findings: [] } : { nodes: [], findings: parsed.findings };
  }
  if (raw.length === 0)
    return { nodes: [], findings: [{ path: [], message: 'expected at least one check, got an empty list' }] };
  const nodes: CheckNode[] = [];
  const findings: Finding[] = [];
  for (const [index, entry] of raw.entries()) {
    const parsed = parseCheck(entry);
    if (parsed.ok) nodes.push(parsed.node);
    else findings.push(...parsed.findings.map((finding) => under(index, finding)));
  }
  return { nodes, findings };
}

export function under(key: PropertyKey, finding: Finding): Finding {
  return 'path' in finding ? { ...finding, path: [key, ...finding.path] } : finding;
}

/** A kind's `describe` may meet placeholders where it expects values; a title is never worth a crash. */
export function describeSafely(describe: () => string, otherwise: string): string {
  try {
    return describe();
  } catch {
    return otherwise;
  }
}

function noSubject(raw: Record<string, unknown>, subjects: string[], otherKeys: readonly string[]): Finding {
  const keys = Object.keys(raw).filter((key) => key !== 'during');
  for (const key of keys) {
    const near = nearest(key, subjects);
    if (near !== undefined) {
      return { path: [key], onKey: true, message: `unknown check \`${key}\``, hint: `did you mean \`${near}\`?` };
    }
  }
  for (const key of keys) {
    const near = nearest(key, otherKeys);
    if (near !== undefined) {
      return { path: [key], onKey: true, message: `unknown key \`${key}\``, hint: `did you mean \`${near}\`?` };
    }
  }
  const what = otherKeys.length > 0 ? 'this step holds no check' : 'this check does not say what it looks at';
  return { path: [], message: what, hint: `name one of ${listNames(subjects)}` };
}

function failed(finding: Finding): ParsedCheck {
  return { ok: false, findings: [finding] };
}
