// Environments brought up by hand: in the foreground until Ctrl-C, or detached until `down`.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { addressOf, resolveAddress } from '../environment/address-map.ts';
import { findEnvironment, requireEnvironment } from '../environment/index.ts';
import type { LogLine } from '../model/ports.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import {
  type DetachedState,
  findDetached,
  listDetached,
  startDetached,
  stopDetached,
} from '../runtime/detached/detached.ts';
import { type FaultClient, faultClient } from '../runtime/detached/fault-client.ts';
import { type ReadLogsOptions, readLogs } from '../runtime/detached/read-logs.ts';
import { runtimeOf } from '../runtime/runtimes.ts';
import type { EnvironmentSetting } from './load-suites.ts';
import { projectFolders } from './project.ts';

const STOP_WITHIN_MS = 20_000;

export interface Addresses {
  service: string;
  /** `8554 → 127.0.0.1:23456`. */
  ports: string[];
}

/** Compose file of an environment named as suites name it. Throws COMPOSE_NOT_FOUND. */
function composeFileOf(ref: string): string {
  const { root } = projectFolders();
  return findEnvironment(ref, join(root, 'suites', 'x'), root);
}

/** Runs an environment until `signal` aborts, then takes it down. */
export async function runInForeground(
  ref: string,
  { runtime: name = 'embedded', overrideFiles = [] }: EnvironmentSetting,
  signal: AbortSignal,
  on: {
    log(line: LogLine): void;
    event(event: TimelineEvent): void;
    ready(addresses: Addresses[], elapsedMs: number): void;
  },
): Promise<void> {
  const spec = requireEnvironment(composeFileOf(ref), overrideFiles, name);
  const logFolder = join(projectFolders().reports, 'up', `${spec.name}-foreground`, 'logs');
  mkdirSync(logFolder, { recursive: true });
  const runtime = await runtimeOf(name, systemClock);
  const environment = await runtime.start(spec, {
    overrideFiles,
    overrides: {},
    logFolder,
    onLog: on.log,
    onEvent: on.event,
    signal,
  });
  try {
    on.ready(addressesOf(environment.ports), environment.readyAfterMs);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await environment.stop(AbortSignal.timeout(STOP_WITHIN_MS));
  }
}

export async function startInBackground(
  ref: string,
  { runtime = 'embedded', overrideFiles = [] }: EnvironmentSetting,
  signal: AbortSignal,
  onEvent: (event: TimelineEvent) => void,
): Promise<{ name: string; addresses: Addresses[]; readyAfterMs: number }> {
  const file = composeFileOf(ref);
  const { name } = requireEnvironment(file, overrideFiles, runtime);
  const { reports } = projectFolders();
  const state = await startDetached({ file, runtime, overrideFiles, name, reports, overrides: {}, signal, onEvent });
  return { name: state.name, addresses: addressesOf(state.ports), readyAfterMs: state.readyAfterMs };
}

/** Takes down the one of that name, or the only one. Returns its name. */
export async function takeDown(name: string | undefined, signal: AbortSignal): Promise<string> {
  const { reports } = projectFolders();
  const state = findDetached(reports, name);
  await stopDetached(reports, state, signal);
  return state.name;
}

/** What commands ask of the faults in a detached environment. */
export function faultsOf(name: string | undefined, signal: AbortSignal): FaultClient {
  return faultClient(findDetached(projectFolders().reports, name), signal);
}

/** An address as services see it → as this machine reaches it, in the environment of that name or the only one that is up. */
export function addressByHand(url: string, name?: string): string {
  const { reports } = projectFolders();
  const up = listDetached(reports);
  const meant = name === undefined ? (up.length === 1 ? up[0] : undefined) : findDetached(reports, name);
  return meant ? resolveAddress(url, meant.ports) : url;
}

export const allUp = (): DetachedState[] => listDetached(projectFolders().reports);

export function logsOf(name: string | undefined, options: ReadLogsOptions): AsyncGenerator<LogLine> {
  const { reports } = projectFolders();
  return readLogs(reports, findDetached(reports, name), options);
}

export function addressesOf(ports: DetachedState['ports']): Addresses[] {
  return Object.entries(ports).map(([service, table]) => ({
    service,
    ports: Object.entries(table).map(([inside, local]) => `${inside} → ${addressOf(local)}`),
  }));
}
