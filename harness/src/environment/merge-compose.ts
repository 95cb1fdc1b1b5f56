// One Compose file laid over another, as a second `-f` of `docker compose` is, with every value still knowing which file it was written in.

import { isNode, type Node } from 'yaml';
import type { YamlPath, YamlSource } from './yaml-source.ts';

/** Where a part of the merged file comes from. With `children` it was put together and has no one place; each of them has. */
interface Origin {
  source: YamlSource;
  path: YamlPath;
  children?: Map<string, Origin>;
}

interface Part {
  value: unknown;
  origin: Origin;
}

/** Lists that are one thing, which more entries would make another. All other lists are added to. Compose's specification, "Merge". */
const WHOLE_LISTS = new Set(['command', 'entrypoint', 'test', 'run']);

/**
 * Maps are merged key by key, lists are added to, commands and scalars replaced; `!override` replaces and `!reset` removes.
 * `environment` and `depends_on` may be a list in one file and a map in the other.
 */
export function mergeCompose(base: YamlSource, over: YamlSource): YamlSource {
  const merged = merge(partAt(base), partAt(over), []);
  /** The deepest part that is known of a path, and what is left of the path within it. */
  const find = (path: YamlPath): { origin: Origin; rest: YamlPath } => {
    let origin = merged.origin;
    for (const [index, key] of path.entries()) {
      if (!origin.children) return { origin, rest: path.slice(index) };
      const child = origin.children.get(String(key));
      if (!child) return { origin, rest: [] };
      origin = child;
    }
    return { origin, rest: [] };
  };
  return {
    toJS: () => merged.value,
    nodeAt(path) {
      const { origin, rest } = find(path);
      return origin.children ? undefined : origin.source.nodeAt([...origin.path, ...rest]);
    },
    positionOf(path) {
      const { origin, rest } = find(path);
      return origin.source.positionOf([...origin.path, ...rest]);
    },
    keyPositionOf(path) {
      const { origin, rest } = find(path);
      return origin.source.keyPositionOf([...origin.path, ...rest]);
    },
  };
}

const partAt = (source: YamlSource): Part => ({ value: source.toJS(), origin: { source, path: [] } });

const child = ({ origin }: Part, key: string | number, value: unknown): Part => ({
  value,
  origin: { source: origin.source, path: [...origin.path, key] },
});

function merge(base: Part, over: Part, path: YamlPath): Part {
  const key = String(path.at(-1) ?? '');
  const tag = tagOf(over.origin);
  if (tag === '!override') return over;
  const [left, right] = asOneShape(base, over, key);
  if (isMap(left.value) && isMap(right.value)) return mergeMaps(left, right, path);
  if (Array.isArray(left.value) && Array.isArray(right.value) && !WHOLE_LISTS.has(key)) {
    return mergeLists(left, right);
  }
  // `environment:` with nothing below it says nothing; a variable without a value says to take it from outside.
  return over.value === null && typeof base.value === 'object' ? base : over;
}

function mergeMaps(base: Part, over: Part, path: YamlPath): Part {
  const value: Record<string, unknown> = {};
  const children = new Map<string, Origin>();
  const left = entriesOf(base);
  const right = entriesOf(over);
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const below = left.get(key);
    const above = right.get(key);
    if (above && tagOf(above.origin) === '!reset') continue;
    const part = below && above ? merge(below, above, [...path, key]) : (above ?? below);
    if (!part) continue;
    value[key] = part.value;
    children.set(key, part.origin);
  }
  return { value, origin: { ...base.origin, children } };
}

function mergeLists(base: Part, over: Part): Part {
  const value: unknown[] = [];
  const children = new Map<string, Origin>();
  for (const part of [...itemsOf(base), ...itemsOf(over)]) {
    children.set(String(value.length), part.origin);
    value.push(part.value);
  }
  return { value, origin: { ...base.origin, children } };
}

/** Both as maps, or both as lists, where Compose allows the same thing to be written either way. */
function asOneShape(base: Part, over: Part, key: string): [Part, Part] {
  if (key === 'environment') return [mapOfList(base, variableOf), mapOfList(over, variableOf)];
  if (key === 'depends_on') return [mapOfList(base, dependencyOf), mapOfList(over, dependencyOf)];
  if (key === 'env_file') return [listOf(base), listOf(over)];
  return [base, over];
}

const variableOf = (entry: string): [string, unknown] => {
  const equals = entry.indexOf('=');
  return equals < 0 ? [entry, null] : [entry.slice(0, equals), entry.slice(equals + 1)];
};
const dependencyOf = (entry: string): [string, unknown] => [entry, { condition: 'service_started' }];

/** A list with anything but strings in it stays one: what is wrong with it is the schema's to say. */
function mapOfList(part: Part, read: (entry: string) => [string, unknown]): Part {
  if (!Array.isArray(part.value) || part.value.some((entry) => typeof entry !== 'string')) return part;
  const children = new Map<string, Origin>();
  const value: Record<string, unknown> = {};
  for (const item of itemsOf(part)) {
    const [key, itsValue] = read(String(item.value));
    value[key] = itsValue;
    children.set(key, item.origin);
  }
  return { value, origin: { ...part.origin, children } };
}

function listOf(part: Part): Part {
  if (typeof part.value !== 'string') return part;
  return { value: [part.value], origin: { ...part.origin, children: new Map([['0', part.origin]]) } };
}

function entriesOf(part: Part): Map<string, Part> {
  const entries = Object.entries(part.value as Record<string, unknown>);
  return new Map(entries.map(([key, value]) => [key, inside(part, key, value)]));
}

const itemsOf = (part: Part): Part[] => (part.value as unknown[]).map((value, index) => inside(part, index, value));

function inside(part: Part, key: string | number, value: unknown): Part {
  const known = part.origin.children?.get(String(key));
  return known ? { value, origin: known } : child(part, key, value);
}

function tagOf({ source, path, children }: Origin): string | undefined {
  if (children) return undefined;
  const node: Node | undefined = source.nodeAt(path);
  return isNode(node) ? node.tag : undefined;
}

const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
