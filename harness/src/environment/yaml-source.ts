// A YAML file with the place of every value and key, so that each problem can say where it was written.

import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';

const MAX_ALIASES = 100;

export type YamlPath = readonly (string | number)[];

/** Values with their places: of one file, or of several laid over each other. */
export interface YamlSource {
  toJS(): unknown;
  /** The node at `path` where it was written in one place. */
  nodeAt(path: YamlPath): Node | undefined;
  /** Where the value at `path` begins; of a value that is not there, its nearest parent. */
  positionOf(path: YamlPath): Position;
  /** Where the key of the last part of `path` is; the value's place when it is no key. */
  keyPositionOf(path: YamlPath): Position;
}

export interface YamlFile extends YamlSource {
  readonly doc: Document;
  /** What the YAML itself is wrong about. */
  readonly problems: Problem[];
  /** Where an offset into the text is. */
  positionAt(offset: number): Position;
}

export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, col };
  };
  const nodeAt = (path: YamlPath): Node | undefined => {
    const node = path.length === 0 ? doc.contents : doc.getIn(path, true);
    return isNode(node) ? node : undefined;
  };
  const positionOf = (path: YamlPath): Position => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = doc.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return positionAt(node.range[0]);
    }
    return doc.contents?.range ? positionAt(doc.contents.range[0]) : { file, line: 1, col: 1 };
  };
  const keyPositionOf = (path: YamlPath): Position => {
    const parent = path.length > 1 ? doc.getIn(path.slice(0, -1), true) : doc.contents;
    if (isMap(parent)) {
      for (const { key } of parent.items) {
        if (isScalar(key) && String(key.value) === String(path.at(-1)) && key.range) return positionAt(key.range[0]);
      }
    }
    return positionOf(path);
  };
  // Unknown tags (`!reset`) are warnings of the parser; Compose's own are none of our business.
  const problems = doc.errors.map(
    ({ message, pos }): Problem => ({
      severity: 'error',
      message: message.startsWith('Maximum call stack') ? NESTED_TOO_DEEP : `not valid YAML: ${message.split('\n')[0]}`,
      position: positionAt(pos[0]),
    }),
  );
  if (problems.length === 0) problems.push(...aliasProblems(doc, file));
  return { doc, problems, toJS: () => doc.toJS(), nodeAt, positionAt, positionOf, keyPositionOf };
}

const NESTED_TOO_DEEP = 'is nested too deep';

/** Aliases of aliases of aliases ("billion laughs"), or of nothing, show when the document becomes plain values. */
function aliasProblems(doc: Document, file: string): Problem[] {
  try {
    doc.toJS({ maxAliasCount: MAX_ALIASES });
    return [];
  } catch (error) {
    const message =
      error instanceof RangeError ? NESTED_TOO_DEEP : String(error instanceof Error ? error.message : error);
    return [{ severity: 'error', message: `not valid YAML: ${message}`, position: { file, line: 1, col: 1 } }];
  }
}
