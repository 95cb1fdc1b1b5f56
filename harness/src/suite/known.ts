// The names that exist outside a suite: services of its environment, with their ports, and fixtures.

import type { Node } from 'yaml';
import { isMap } from 'yaml';
import type { LinkUse } from '../model/environment.ts';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { RuntimeName } from '../model/suite.ts';
import { entriesOf } from './raw.ts';
import type { Session } from './session.ts';
import type { SuiteSource } from './source.ts';
import { suggestion } from './suggest.ts';

export interface KnownService {
  name: string;
  /** Ports that it listens on; empty when it names none. */
  ports: readonly number[];
  hasMetrics: boolean;
  /** Whether it names a folder that it writes to. */
  hasData?: boolean;
}

/** What is left out is not checked. */
export interface Known {
  /** The runtime that the suite is for now. */
  runtime?: RuntimeName | undefined;
  services?: readonly KnownService[] | undefined;
  fixtures?: readonly string[] | undefined;
  /** What is wrong with a pair of names that a step wants to part, undefined when there is a link that can be broken. */
  linkProblem?: ((use: LinkUse) => { message: string; hint: string } | undefined) | undefined;
}

/** Names known in an environment (as written in the suite), or why there is no such environment. */
export type KnownOf = (environmentRef: string, suiteFile: string) => Known | Problem;

export function knownNames(
  options: { known?: Known; knownOf?: KnownOf },
  environmentRef: string | undefined,
  at: Position,
  file: string,
  session: Session,
): Known {
  const known = options.known ?? {};
  if (environmentRef === undefined || !options.knownOf) return known;
  const found = options.knownOf(environmentRef, file);
  if (!('message' in found)) return { ...known, ...found };
  session.report(found.position.file === '' ? { ...found, position: at } : found);
  return known;
}

/** Services that `services:` changes must exist. */
export function checkOverrides(
  node: Node | null | undefined,
  source: SuiteSource,
  session: Session,
  known: Known,
): void {
  if (!isMap(node) || !known.services) return;
  const names = known.services.map(({ name }) => name);
  for (const { key, keyOffset } of entriesOf(node, { source, session })) {
    if (names.includes(key)) continue;
    session.error(`unknown service \`${key}\``, source.positionAt(keyOffset), suggestion(key, names, 'services are'));
  }
}
