// How a service runs as a local process: its arguments, its environment with every address mapped, and where it runs.

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type PortTable, rewriteArguments, rewriteEnvironment } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { ServiceOverride } from '../../model/suite.ts';
import { currentOwner, OWNER_VARIABLE } from '../ownership/owner.ts';

export interface ServiceCommand {
  argv: [string, ...string[]];
  env: Record<string, string>;
  cwd: string;
}

/** All a service sees of the harness's own environment: as in a container, the rest (and any secret in it) stays outside. */
const INHERITED = [
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'TESTCARD_FFMPEG',
  'TESTCARD_FFPROBE',
];

/**
 * Environment: what the Compose file says, then `x-testcard.embedded.environment`, then the suite's override, with addresses mapped;
 * `PORT_<container port>` for each declared port. `node` is the Node that runs the harness.
 */
export function serviceCommand(
  spec: ServiceSpec,
  table: PortTable,
  rootFolder: string,
  override: ServiceOverride | undefined,
): ServiceCommand {
  const [program, ...args] = rewriteArguments(spec.name, spec.run ?? [], table);
  if (program === undefined) {
    throw new TestcardError('COMPOSE_INVALID', `service ${spec.name} has no command for the embedded runtime`, {
      hint: 'add `x-testcard: { embedded: { run: [program, argument] } }` to it, or use --runtime compose',
      position: spec.position,
    });
  }
  const written = { ...spec.environment, ...spec.embeddedEnvironment, ...override?.environment };
  const { environment, problems } = rewriteEnvironment(spec.name, written, table);
  const [problem] = problems;
  if (problem) {
    throw new TestcardError('COMPOSE_INVALID', `${problem.key} of ${spec.name}: ${problem.message}`, {
      hint: problem.hint,
      position: spec.position,
    });
  }
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  env.PATH = [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter);
  for (const [port, local] of Object.entries(table[spec.name] ?? {})) env[`PORT_${port}`] = String(local);
  Object.assign(env, environment, { [OWNER_VARIABLE]: currentOwner() });
  return { argv: [program, ...args], env, cwd: rootFolder };
}

/**
 * The folder that relative paths in `run` start from: the nearest one above the Compose file whose package.json has `workspaces`, else
 * the nearest with a package.json or .git, else the Compose file's own.
 */
export function projectRootOf(composeFile: string): string {
  const own = dirname(composeFile);
  let nearest: string | undefined;
  for (let folder = own; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      if (hasWorkspaces(manifest)) return folder;
      nearest ??= folder;
    } else if (existsSync(join(folder, '.git'))) {
      nearest ??= folder;
    }
    if (dirname(folder) === folder) return nearest ?? own;
  }
}

function hasWorkspaces(manifest: string): boolean {
  try {
    const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'workspaces' in parsed;
  } catch {
    return false;
  }
}
