// One service of a Compose file → ServiceSpec.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { z } from 'zod';
import type { ServiceSpec } from '../model/environment.ts';
import type { Problem } from '../model/errors.ts';
import { type ComposeService, serviceSchema, TESTCARD_KEYS } from './compose-schema.ts';
import { didYouMean } from './did-you-mean.ts';
import type { YamlPath, YamlSource } from './yaml-source.ts';

// Compose's specification: stop_grace_period, and the defaults of `healthcheck`.
const DEFAULT_STOP_GRACE_MS = 10_000;
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;

/** Compose's specification, `services`. */
const SERVICE_NAME = /^[a-zA-Z0-9._-]+$/;

export interface ReadServiceInput {
  name: string;
  value: unknown;
  /** Names of all services in the file. */
  written: readonly string[];
  file: string;
  source: YamlSource;
  /** For environment keys without a value. */
  values: Readonly<Record<string, string | undefined>>;
  runtime: 'embedded' | 'compose';
  /** Profiles that are on; a service with other ones is left out, as Compose does. */
  profiles: ReadonlySet<string>;
  problems: Problem[];
}

/** Undefined when the service is broken (problems say why) or its profile is off. */
export function readService(input: ReadServiceInput): ServiceSpec | undefined {
  const { name, source, problems, runtime } = input;
  const path = ['services', name];
  if (!SERVICE_NAME.test(name)) {
    const message = `${JSON.stringify(name)} is no name for a service: letters, digits, dot, dash and underscore`;
    problems.push({ severity: 'error', message, position: source.keyPositionOf(path) });
    return undefined;
  }
  const parsed = serviceSchema.safeParse(input.value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(...problemsOf(issue, path, source));
    return undefined;
  }
  const compose = parsed.data;
  if (compose.profiles.length > 0 && !compose.profiles.some((profile) => input.profiles.has(profile))) return undefined;
  const testcard = compose['x-testcard'];
  const problem = (message: string, at: YamlPath, hint?: string) =>
    problems.push({ severity: 'error', message, position: source.keyPositionOf([...path, ...at]), hint });
  if (runtime === 'embedded' && !testcard.embedded) {
    problem(
      `service ${name} has no command for the embedded runtime`,
      [],
      `add \`x-testcard: { embedded: { run: [program, argument] } }\` to it, or use --runtime compose`,
    );
  }
  if (runtime === 'embedded' && 'extends' in compose) {
    problem(
      `service ${name} uses extends, which the embedded runtime does not read`,
      ['extends'],
      'write the service out',
    );
  }
  const environment = { ...readEnvFiles(compose, input, problem), ...filled(compose.environment, input.values) };
  const ready = readiness(compose, runtime, problem);
  const embedded = testcard.embedded;
  const ports = [...new Set([...compose.ports.ports, ...compose.expose.ports])];
  const udpPorts = ports.filter((port) =>
    [compose.ports, compose.expose].every((field) => !field.ports.includes(port) || field.udpPorts.includes(port)),
  );
  return {
    name,
    ...(embedded ? { run: embedded.run } : {}),
    environment,
    ...(embedded && Object.keys(embedded.environment).length > 0
      ? { embeddedEnvironment: filled(embedded.environment, input.values) }
      : {}),
    ...dataFolder(testcard, input),
    ports,
    ...(udpPorts.length > 0 ? { udpPorts } : {}),
    dependsOn: compose.depends_on
      .filter(({ service, required }) => required || input.written.includes(service))
      .map(({ service, condition }) => ({ service, condition })),
    restart: compose.restart,
    ...(ready ? { ready } : {}),
    ...(testcard.metrics === undefined ? {} : { metrics: testcard.metrics }),
    ...(testcard['media-faults'] === undefined ? {} : { mediaFaults: testcard['media-faults'] }),
    logs: testcard.logs,
    stopGraceMs: compose.stop_grace_period ?? DEFAULT_STOP_GRACE_MS,
    position: source.keyPositionOf(path),
  };
}

/** Where it writes: on this machine, or in its container. */
function dataFolder(
  { embedded, data }: ComposeService['x-testcard'],
  { runtime, file, values }: ReadServiceInput,
): { dataFolder?: string } {
  if (runtime === 'compose') return data === undefined ? {} : { dataFolder: data };
  if (embedded?.data === undefined) return {};
  return { dataFolder: resolve(dirname(file), filled({ data: embedded.data }, values).data ?? '') };
}

function readiness(
  compose: ComposeService,
  runtime: 'embedded' | 'compose',
  problem: (message: string, at: YamlPath, hint?: string) => void,
): ServiceSpec['ready'] {
  const { ready } = compose['x-testcard'];
  if (ready) return ready;
  const check = compose.healthcheck;
  if (!check || check.disable || check.test === undefined) return undefined;
  const [kind, ...argv] = typeof check.test === 'string' ? ['CMD-SHELL', check.test] : check.test;
  if (kind === 'NONE') return undefined;
  const isCommand = kind === 'CMD' && argv.length > 0;
  if (!isCommand && runtime === 'embedded') {
    const what =
      kind === 'CMD-SHELL'
        ? 'a health check in a shell cannot run without the image'
        : 'the health check has no command';
    problem(what, ['healthcheck', 'test'], 'write it as ["CMD", "program", …], or add x-testcard.ready: { http: … }');
    return undefined;
  }
  return {
    command: isCommand ? argv : ['sh', '-c', argv.join(' ')],
    intervalMs: check.interval ?? DEFAULT_INTERVAL_MS,
    timeoutMs: check.timeout ?? DEFAULT_TIMEOUT_MS,
    retries: check.retries ?? DEFAULT_RETRIES,
    startPeriodMs: check.start_period ?? 0,
  };
}

/** A key without a value is taken from the process environment, and left out when it is not there either. */
function filled(
  entries: Record<string, string | null>,
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, entry] of Object.entries(entries)) {
    const value = entry ?? values[key];
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function readEnvFiles(
  compose: ComposeService,
  { file }: ReadServiceInput,
  problem: (message: string, at: YamlPath, hint?: string) => void,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of [compose.env_file ?? []].flat()) {
    const { path, required } = typeof entry === 'string' ? { path: entry, required: true } : entry;
    try {
      for (const [key, value] of Object.entries(parseEnv(readFileSync(resolve(dirname(file), path), 'utf8')))) {
        if (value !== undefined) found[key] = value;
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      if (required) problem(`env_file ${path} cannot be read (${code})`, ['env_file']);
    }
  }
  return found;
}

function problemsOf(issue: z.core.$ZodIssue, path: YamlPath, source: YamlSource): Problem[] {
  const at = [...path, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const place = String(at.at(-1));
    return issue.keys.map((key) => ({
      severity: 'error',
      message: `unknown key ${key} in ${place}`,
      position: source.keyPositionOf([...at, key]),
      hint: didYouMean(key, TESTCARD_KEYS[place] ?? [], 'keys'),
    }));
  }
  return [{ severity: 'error', message: issue.message, position: source.positionOf(at) }];
}
