// One YAML file as read: its text, its syntax tree, and the line and column of every offset; syntax errors as problems.

import { type Alias, type Document, isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';

/** Largest file that is read, UTF-8 bytes (also the limit of an included file). */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Deepest nesting of maps and lists. A sensible suite stays under 20. */
export const MAX_DEPTH = 64;

export interface SuiteSource {
  file: string;
  text: string;
  doc: Document.Parsed;
  positionAt(offset: number): Position;
  /** What an alias stands for: the last node before it that carries the anchor. */
  resolveAlias(alias: Alias): Node | undefined;
}

export interface ReadSource {
  /** Undefined when the text is not YAML at all. */
  source?: SuiteSource;
  problems: Problem[];
}

export function readSource(text: string, file: string): ReadSource {
  const early = tooBigOrNoText(text, file) ?? tooDeep(text, file);
  if (early) return { problems: [early] };
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { file, line: Math.max(1, line), col: Math.max(1, col) };
  };
  let doc: Document.Parsed;
  try {
    doc = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      version: '1.2',
    }) as Document.Parsed;
  } catch (error) {
    // The parser recurses: what is nested far too deep ends here (RangeError).
    const message = error instanceof Error ? error.message : String(error);
    return { problems: [syntaxProblem(`cannot be read as YAML: ${message}`, { file, line: 1, col: 1 })] };
  }
  const problems = syntaxProblems(doc, text, positionAt);
  const fatal = doc.errors.some((error) => error.code !== 'DUPLICATE_KEY');
  if (fatal) return { problems };
  const { resolved, unknown } = text.includes('*') ? resolveAliases(doc) : NO_ALIASES;
  for (const alias of unknown) {
    problems.push(syntaxProblem(`there is no anchor \`&${alias.source}\` above`, positionAt(offsetOf(alias, 0))));
  }
  return { source: { file, text, doc, positionAt, resolveAlias: (alias) => resolved.get(alias) }, problems };
}

function syntaxProblem(message: string, position: Position, hint?: string): Problem {
  return { severity: 'error', message, position, ...(hint === undefined ? {} : { hint }) };
}

function tooBigOrNoText(text: string, file: string): Problem | undefined {
  if (text.length > MAX_FILE_BYTES || Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return syntaxProblem(
      'is larger than 1 MiB',
      { file, line: 1, col: 1 },
      'a suite is a page or two: is this the right file?',
    );
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is what it is for
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(text);
  if (!control) return undefined;
  const code = control[0].charCodeAt(0).toString(16).padStart(2, '0');
  return syntaxProblem(
    `is not a text file: it holds the control character 0x${code}`,
    positionIn(text, control.index, file),
  );
}

/** Found before parsing, because the parser's time and stack grow with the depth. */
function tooDeep(text: string, file: string): Problem | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    if (depth > 4 * MAX_DEPTH) return nestedTooDeep(positionIn(text, at, file));
  }
  const compact = /^(?:[ \t]*[-?:](?=[ \t])){80}/m.exec(text);
  return compact ? nestedTooDeep(positionIn(text, compact.index, file)) : undefined;
}

export function nestedTooDeep(position: Position): Problem {
  return syntaxProblem(`is nested deeper than ${MAX_DEPTH} levels`, position);
}

function positionIn(text: string, offset: number, file: string): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { file, line, col: offset - before.lastIndexOf('\n') };
}

/** Errors after which the parser reads the rest wrongly. */
const DERAILING = new Set(['UNEXPECTED_TOKEN', 'BAD_INDENT', 'MISSING_CHAR', 'TAB_AS_INDENT', 'BAD_COLLECTION_TYPE']);

/** The parser's errors, without those that only follow from an earlier one. */
function syntaxProblems(doc: Document.Parsed, text: string, positionAt: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  const linesSeen = new Set<number>();
  let derailed = false;
  for (const error of [...doc.errors, ...doc.warnings]) {
    const position = positionAt(error.pos[0]);
    if (error.code === 'UNEXPECTED_TOKEN' && derailed) continue; // once derailed, the parser stumbles over every token
    if (linesSeen.has(position.line)) continue;
    derailed ||= DERAILING.has(error.code);
    linesSeen.add(position.line);
    problems.push(syntaxProblem(messageOf(error.code, error.message), position, hintFor(error.code, text, position)));
  }
  return problems;
}

function messageOf(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'the same key stands twice in this map';
  if (code === 'TAB_AS_INDENT') return 'not valid YAML: a tab is used for indentation';
  const line = message.split('\n')[0] ?? message;
  return `not valid YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

function hintFor(code: string, text: string, { line }: Position): string | undefined {
  const written = text.split('\n')[line - 1] ?? '';
  if (code === 'TAB_AS_INDENT' || /^\s*\t/.test(written)) return 'indent with spaces';
  if (code === 'DUPLICATE_KEY') return 'remove one of the two, or merge them';
  if (code === 'TAG_RESOLVE_FAILED') return 'YAML tags (!name) have no meaning in a suite';
  if (code === 'MULTIPLE_DOCS') return 'a suite is one YAML document: remove the `---`';
  if (/[{,[:]\s*\$\{/.test(written)) return 'quote the reference: "${name}"';
  if (/:\s+[^"'{[].*: /.test(written)) return 'quote the text: a colon and a space in it start a new key';
  return undefined;
}

interface Aliases {
  resolved: Map<Alias, Node>;
  unknown: Alias[];
}

const NO_ALIASES: Aliases = { resolved: new Map(), unknown: [] };

/** One pass for all: the library's own `alias.resolve` walks the whole document for each. */
function resolveAliases(doc: Document.Parsed): Aliases {
  const anchors = new Map<string, Node>();
  const resolved = new Map<Alias, Node>();
  const unknown: Alias[] = [];
  visit(doc, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) resolved.set(node, target);
        else unknown.push(node);
      } else if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') {
        anchors.set(node.anchor, node);
      }
    },
  });
  return { resolved, unknown };
}

/** Where a node's text starts; for nothing (an empty value), `otherwise`. */
export function offsetOf(node: unknown, otherwise: number): number {
  return isNode(node) && node.range ? node.range[0] : otherwise;
}
