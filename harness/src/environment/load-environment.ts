// Compose file, with others laid over it → EnvironmentSpec, with every problem at its place.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isMap, visit } from 'yaml';
import type { EnvironmentSpec, ServiceSpec } from '../model/environment.ts';
import { type Problem, TestcardError } from '../model/errors.ts';
import { checkAddresses } from './check-addresses.ts';
import { checkDependencies } from './check-dependencies.ts';
import { fileSchema } from './compose-schema.ts';
import { interpolate } from './interpolate.ts';
import { mergeCompose } from './merge-compose.ts';
import { readService } from './read-service.ts';
import { parseYaml, type YamlFile, type YamlSource } from './yaml-source.ts';

const MAX_BYTES = 1024 * 1024;

export interface LoadedEnvironment {
  /** Undefined when there is an error among the problems. */
  spec?: EnvironmentSpec;
  /** In the order of the files and of their lines. */
  problems: Problem[];
}

/**
 * Reads a Compose file for a runtime: the embedded one needs to know how each service runs without Docker. `overrideFiles` are Compose files
 * laid over it, one after the other. Values are interpolated from the process environment and the `.env` beside the first file, where relative
 * paths start too. Throws COMPOSE_NOT_FOUND when one cannot be read.
 */
export function loadEnvironment(
  path: string,
  runtime: 'embedded' | 'compose' = 'embedded',
  overrideFiles: readonly string[] = [],
): LoadedEnvironment {
  const files = [path, ...overrideFiles].map((each) => resolve(each));
  const [file = path] = files;
  const sources = files.map((each) => parseYaml(each, readText(each)));
  const problems: Problem[] = sources.flatMap((source) => source.problems);
  const done = (spec?: EnvironmentSpec): LoadedEnvironment => {
    const order = ({ position: { file: at } }: Problem) => files.indexOf(at);
    problems.sort(
      (a, b) => order(a) - order(b) || a.position.line - b.position.line || a.position.col - b.position.col,
    );
    const broken = problems.some(({ severity }) => severity === 'error');
    return spec && !broken ? { spec, problems } : { problems };
  };
  if (problems.length > 0) return done();
  const values = { ...readEnvFile(resolve(dirname(file), '.env')), ...process.env };
  for (const source of sources) problems.push(...interpolateValues(source, values));
  const notMaps = sources.slice(1).filter((over) => !isMap(over.doc.contents));
  for (const over of notMaps) {
    const message = 'what is laid over a Compose file is a Compose file too: a map with `services:`';
    problems.push({ severity: 'error', message, position: over.positionOf([]) });
  }
  if (notMaps.length > 0) return done();
  const source = sources.slice(1).reduce<YamlSource>(mergeCompose, sources[0] as YamlFile); // `path` is always there

  const parsed = fileSchema.safeParse(source.toJS());
  if (!parsed.success) {
    for (const { message, path } of parsed.error.issues) {
      problems.push({ severity: 'error', message, position: source.positionOf(path as (string | number)[]) });
    }
    return done();
  }
  const services: ServiceSpec[] = [];
  const written = Object.keys(parsed.data.services);
  const profiles = new Set((process.env.COMPOSE_PROFILES ?? '').split(',').filter(Boolean));
  for (const [name, value] of Object.entries(parsed.data.services)) {
    const service = readService({ name, value, written, file, source, values, runtime, profiles, problems });
    if (service) services.push(service);
  }
  if (written.length === 0) {
    problems.push({ severity: 'error', message: 'there are no services', position: source.positionOf(['services']) });
  }
  problems.push(...checkDependencies(services, written, source));
  problems.push(...checkAddresses(services, source));
  return done({ file, name: parsed.data.name ?? folderName(file), services });
}

/** Like loadEnvironment, for those who need it whole: throws COMPOSE_INVALID with all problems in `detail`. */
export function requireEnvironment(
  file: string,
  overrideFiles: readonly string[] = [],
  runtime: 'embedded' | 'compose' = 'embedded',
): EnvironmentSpec {
  const { spec, problems } = loadEnvironment(file, runtime, overrideFiles);
  if (spec) return spec;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new TestcardError('COMPOSE_INVALID', `${first?.message ?? 'the Compose file is not valid'}${more}`, {
    hint: first?.hint,
    position: first?.position,
    detail: { problems },
  });
}

function readText(file: string): string {
  let problem: string;
  try {
    if (statSync(file).size <= MAX_BYTES) return readFileSync(file, 'utf8');
    problem = `is larger than ${MAX_BYTES / 1024 / 1024} MiB`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    problem = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
  }
  throw new TestcardError('COMPOSE_NOT_FOUND', `Compose file ${file} ${problem}`, {
    hint: 'name a folder under compose/, or the path of a Compose file',
    position: { file, line: 1, col: 1 },
  });
}

function readEnvFile(file: string): Record<string, string | undefined> {
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

/** Replaces variables in the document itself, so that what follows sees plain values and positions stay. */
function interpolateValues(source: YamlFile, values: Record<string, string | undefined>): Problem[] {
  const problems: Problem[] = [];
  visit(source.doc, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const { value, missing, problems: wrong } = interpolate(node.value, values);
      node.value = value;
      const position = source.positionAt(node.range?.[0] ?? 0);
      for (const message of wrong) problems.push({ severity: 'error', message, position });
      for (const name of missing) {
        problems.push({
          severity: 'warning',
          message: `variable ${name} is not set and has no default; it becomes empty`,
          position,
          hint: `set ${name}, or write \${${name}:-default}; a dollar sign itself is $$`,
        });
      }
    },
  });
  return problems;
}

function folderName(file: string): string {
  return dirname(file).split(/[\\/]/).at(-1) ?? 'environment';
}
