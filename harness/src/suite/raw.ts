// Makes plain values from YAML nodes: aliases and merge keys followed, references replaced, every place remembered.

import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Position } from '../model/position.ts';
import { type InterpolateOptions, interpolate } from './interpolate.ts';
import { type Entry, setOrigin } from './origins.ts';
import type { Scope, Value } from './scope.ts';
import type { Session } from './session.ts';
import { MAX_DEPTH, nestedTooDeep, offsetOf, type SuiteSource } from './source.ts';

export interface RawContext {
  source: SuiteSource;
  scope: Scope;
  session: Session;
  /** References to names that are not known yet are kept for the run (steps); elsewhere they are errors. */
  allowSaved: boolean;
  /** What stands for a scalar that is one reference without a value. */
  placeholder?: unknown;
  /** Keys of the outermost map that are left out. */
  skip?: ReadonlySet<string>;
}

/** One entry of a map, its alias followed. */
export interface MapEntry {
  key: string;
  keyOffset: number;
  node: Node | null;
  valueOffset: number;
}

export function followAlias(node: unknown, source: SuiteSource): Node | null {
  let current = node;
  for (let hops = 0; isAlias(current) && hops < 100; hops += 1) current = source.resolveAlias(current) ?? null;
  return isAlias(current) ? null : ((current ?? null) as Node | null);
}

/** Entries of a map with merge keys (`<<`) put in: what is written in the map itself wins. */
export function entriesOf(map: YAMLMap, context: Pick<RawContext, 'source' | 'session'>, depth = 0): MapEntry[] {
  const { source, session } = context;
  const entries = new Map<string, MapEntry>();
  const merged: MapEntry[] = [];
  const start = offsetOf(map, 0);
  for (const pair of map.items) {
    const keyOffset = offsetOf(pair.key, start);
    const keyNode = followAlias(pair.key, source);
    if (!isScalar(keyNode) || (typeof keyNode.value === 'object' && keyNode.value !== null)) {
      session.error('a key must be plain text', source.positionAt(keyOffset));
      continue;
    }
    const key = String(keyNode.value ?? '');
    const node = followAlias(pair.value, source);
    const keyEnd = isScalar(pair.key) && pair.key.range ? pair.key.range[1] : keyOffset;
    if (key === '<<' && keyNode.type === 'PLAIN') {
      merged.push(...mergedEntries(node, context, depth, keyOffset));
      continue;
    }
    // An empty value has no text of its own: it is shown at its key.
    const empty = node === null || (isScalar(node) && node.value === null && !node.source);
    entries.set(key, { key, keyOffset, node, valueOffset: empty ? keyOffset : offsetOf(pair.value, keyEnd) });
  }
  for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
  return [...entries.values()];
}

function mergedEntries(
  node: Node | null,
  context: Pick<RawContext, 'source' | 'session'>,
  depth: number,
  keyOffset: number,
): MapEntry[] {
  const maps = isSeq(node) ? node.items.map((item) => followAlias(item, context.source)) : [node];
  return maps.flatMap((map) => {
    if (isMap(map) && depth < 16) return entriesOf(map, context, depth + 1);
    context.session.error('`<<` merges maps', context.source.positionAt(keyOffset), 'write `<<: *anchor` of a map');
    return [];
  });
}

export interface Raw extends Value {
  unresolved: Entry['unresolved'];
}

/** The plain value of a node. Problems (an unknown variable, too deep, too large) go to the session. */
export function buildRaw(node: Node | null, context: RawContext): Raw {
  return build(node, context, { depth: 0, ancestors: new Set() });
}

interface Walk {
  depth: number;
  ancestors: Set<Node>;
}

const BROKEN: Raw = { value: null, secret: false, broken: true, unresolved: undefined };

function build(found: unknown, context: RawContext, walk: Walk): Raw {
  const { source, session } = context;
  const node = followAlias(found, source);
  const at = (): Position => source.positionAt(offsetOf(node, 0));
  if (!session.spendNode(at)) return BROKEN;
  if (node === null) return { value: null, secret: false, broken: false, unresolved: undefined };
  if (isScalar(node)) return buildScalar(node, context);
  if (!isMap(node) && !isSeq(node)) return BROKEN;
  if (walk.ancestors.has(node)) {
    session.error('an alias stands inside what it stands for', at());
    return BROKEN;
  }
  if (walk.depth >= MAX_DEPTH) {
    session.report(nestedTooDeep(at()));
    return BROKEN;
  }
  walk.ancestors.add(node);
  const inner: Walk = { depth: walk.depth + 1, ancestors: walk.ancestors };
  const built = isMap(node) ? buildMap(node, context, inner) : buildList(node, context, inner);
  walk.ancestors.delete(node);
  return built;
}

function buildMap(node: YAMLMap, context: RawContext, walk: Walk): Raw {
  const { source, scope, session } = context;
  const value: Record<string, unknown> = {};
  const entries = new Map<string | number, Entry>();
  const result: Raw = { value, secret: false, broken: false, unresolved: undefined };
  for (const { key, keyOffset, node: child, valueOffset } of entriesOf(node, context)) {
    if (walk.depth === 1 && context.skip?.has(key)) continue;
    const built = build(child, context, walk);
    result.secret ||= built.secret;
    result.broken ||= built.broken;
    // `__proto__` is a key like any other, not a way to give the map another prototype.
    Object.defineProperty(value, key, { value: built.value, enumerable: true, writable: true, configurable: true });
    entries.set(key, { keyOffset, ...entryOf(child, valueOffset, built) });
  }
  setOrigin(value, { source, node, offset: offsetOf(node, 0), scope, session, entries });
  return result;
}

function buildList(node: YAMLSeq, context: RawContext, walk: Walk): Raw {
  const { source, scope, session } = context;
  const value: unknown[] = [];
  const entries = new Map<string | number, Entry>();
  const result: Raw = { value, secret: false, broken: false, unresolved: undefined };
  const start = offsetOf(node, 0);
  for (const [index, item] of node.items.entries()) {
    const built = build(item, context, walk);
    result.secret ||= built.secret;
    result.broken ||= built.broken;
    value.push(built.value);
    entries.set(index, entryOf(followAlias(item, source), offsetOf(item, start), built));
  }
  setOrigin(value, { source, node, offset: start, scope, session, entries });
  return result;
}

function entryOf(node: Node | null, valueOffset: number, built: Raw): Entry {
  const entry: Entry = { valueOffset, node };
  if (built.unresolved) entry.unresolved = built.unresolved;
  if (isScalar(node) && typeof node.value === 'string' && typeof built.value !== 'string') entry.referred = true;
  if (built.broken && (typeof built.value !== 'object' || built.value === null)) entry.broken = true;
  return entry;
}

function buildScalar(node: Node & { value: unknown }, context: RawContext): Raw {
  const { source, scope, session, allowSaved } = context;
  const { value } = node;
  if (typeof value !== 'string' || !value.includes('${')) {
    return { value, secret: false, broken: false, unresolved: undefined };
  }
  const options: InterpolateOptions = {
    scope,
    session,
    allowSaved,
    at: (written) => {
      const [from, to] = node.range ?? [0, 0];
      const offset = source.text.indexOf(written, from);
      return source.positionAt(offset >= 0 && offset < to ? offset : from);
    },
    ...('placeholder' in context ? { placeholder: context.placeholder } : {}),
  };
  const { unresolved, ...rest } = interpolate(value, options);
  if (rest.broken) session.hasUnresolved = true;
  return { ...rest, unresolved: unresolved.length > 0 ? unresolved : undefined };
}
