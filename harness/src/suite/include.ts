// Follows `include`: files with shared variables, blocks and cases, and the files that those include.

import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { toTestcardError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { checkAgainst } from './issues.ts';
import { reportFindings } from './parse-case.ts';
import { buildRaw, entriesOf, followAlias, type MapEntry } from './raw.ts';
import { Scope } from './scope.ts';
import type { Session } from './session.ts';
import { offsetOf, readSource, type SuiteSource } from './source.ts';
import { includedSchema } from './suite-schema.ts';
import { evaluateIn } from './variables.ts';

/** `path` as written, `from` the absolute path of the file that includes it. Throws when it cannot be read. */
export type ResolveInclude = (path: string, from: string) => { file: string; text: string };

export interface IncludedFile {
  source: SuiteSource;
  vars: MapEntry | undefined;
  blocks: MapEntry | undefined;
  cases: MapEntry | undefined;
}

/** Files that one suite may include, directly or not. */
const MAX_FILES = 32;
const LATE_KEYS = ['vars', 'blocks', 'cases'];

interface IncludeOptions {
  resolve: ResolveInclude | undefined;
  /** Receives the text of every file that is read. */
  texts: Map<string, string>;
}

/** Included files in the order in which they take effect: what a file includes comes before it; each file once. */
export function readIncludes(
  node: Node | null | undefined,
  source: SuiteSource,
  session: Session,
  { resolve, texts }: IncludeOptions,
): IncludedFile[] {
  const files: IncludedFile[] = [];
  const done = new Set<string>();
  const follow = (from: SuiteSource, list: Node | null | undefined, chain: string[]) => {
    for (const { path, position } of pathsOf(list, from, session)) {
      const read = readOne(path, from, position);
      if (!read) continue;
      if (chain.includes(read.file)) {
        session.error(`these files include each other: ${[...chain, read.file].map(shortName).join(' → ')}`, position);
        continue;
      }
      if (done.has(read.file)) continue;
      done.add(read.file);
      if (done.size > MAX_FILES) {
        session.error(`more than ${MAX_FILES} files are included`, position);
        return;
      }
      texts.set(read.file, read.text);
      const included = readSource(read.text, read.file);
      for (const problem of included.problems) session.report(problem);
      if (!included.source) continue;
      const file = fileOf(included.source, session);
      if (!file) continue;
      follow(included.source, file.include, [...chain, read.file]);
      files.push(file);
    }
  };
  const readOne = (path: string, from: SuiteSource, position: Position) => {
    if (!resolve) {
      session.error('`include` cannot be followed here', position);
      return undefined;
    }
    try {
      return resolve(path, from.file);
    } catch (error) {
      const { message, hint } = toTestcardError(error);
      session.error(
        message.split('\n')[0] ?? message,
        position,
        hint ?? 'paths are relative to the file that includes',
      );
      return undefined;
    }
  };
  follow(source, node, [source.file]);
  return files;
}

/** Paths as written, with variables of the environment only. What is no text is left to the schema to report. */
function pathsOf(
  node: Node | null | undefined,
  source: SuiteSource,
  session: Session,
): { path: string; position: Position }[] {
  const list = followAlias(node, source);
  const items = isSeq(list) ? list.items.map((item) => followAlias(item, source)) : [list];
  const scope = new Scope({ evaluate: evaluateIn(session) });
  return items.flatMap((item) => {
    if (!isScalar(item)) return [];
    const { value, broken } = buildRaw(item, { source, scope, session, allowSaved: false });
    if (typeof value !== 'string' || value === '' || broken) return [];
    return [{ path: value, position: source.positionAt(offsetOf(item, 0)) }];
  });
}

function fileOf(
  source: SuiteSource,
  session: Session,
): (IncludedFile & { include: Node | null | undefined }) | undefined {
  const root = followAlias(source.doc.contents, source);
  const start = { file: source.file, line: 1, col: 1 };
  if (!isMap(root)) {
    session.error(
      'expected a map with `vars`, `blocks` or `cases`',
      root ? source.positionAt(offsetOf(root, 0)) : start,
    );
    return undefined;
  }
  const entries = new Map(entriesOf(root, { source, session }).map((entry) => [entry.key, entry]));
  const scope = new Scope({ evaluate: evaluateIn(session) });
  const { value } = buildRaw(root, { source, scope, session, allowSaved: false, skip: new Set(LATE_KEYS) });
  const place = { root: value, path: [], what: 'an included file', fallback: start, otherKeys: LATE_KEYS };
  const checked = checkAgainst(includedSchema, value, place);
  if (!checked.ok) reportFindings(checked.findings, session, start);
  return {
    source,
    include: entries.get('include')?.node,
    vars: entries.get('vars'),
    blocks: entries.get('blocks'),
    cases: entries.get('cases'),
  };
}

const shortName = (file: string): string => file.split('/').at(-1) ?? file;
