// What is written about a detached environment, so that other commands find it: `<reports>/up/<name>/`.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PortTable } from '../../environment/address-map.ts';
import type { ServiceStatus } from '../../model/ports.ts';
import { isOwnerDead, type OwnerMark } from '../ownership/owner.ts';

export interface DetachedState {
  name: string;
  /** The Compose file. */
  file: string;
  /** The process that keeps it up. */
  pid: number;
  owner: OwnerMark;
  startedAtMs: number;
  readyAfterMs: number;
  /** Where commands ask for faults. */
  control: ControlAddress;
  /** Service → container port → local port, all on 127.0.0.1. */
  ports: PortTable;
  /** As of the last change. */
  services: ServiceStatus[];
}

export interface ControlAddress {
  url: string;
  /** Whoever can read the state may break the environment; nobody else. */
  token: string;
}

export interface DetachedFolder {
  readonly path: string;
  readonly state: string;
  /** All lines of all services, NDJSON. */
  readonly lines: string;
  /** One plain file a service. */
  readonly logs: string;
  /** Everything about faults by hand, as timeline events. */
  readonly faults: string;
  /** What the keeper itself says; empty unless something is wrong with it. */
  readonly keeper: string;
}

export function detachedFolder(reports: string, name: string): DetachedFolder {
  const path = join(reports, 'up', name.replace(/[^\w.-]/g, '_'));
  return {
    path,
    state: join(path, 'state.json'),
    lines: join(path, 'lines.ndjson'),
    logs: join(path, 'logs'),
    faults: join(path, 'faults.ndjson'),
    keeper: join(path, 'keeper.log'),
  };
}

/** Readers see the old state or the new one, never half of it. */
export function writeState(folder: DetachedFolder, state: DetachedState): void {
  mkdirSync(folder.path, { recursive: true });
  writeFileSync(`${folder.state}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${folder.state}.new`, folder.state);
}

export function removeState(folder: DetachedFolder): void {
  rmSync(folder.state, { force: true });
}

/** Undefined when nothing is up there. The state of a keeper that was killed is removed. */
export function readState(folder: DetachedFolder): DetachedState | undefined {
  let state: DetachedState;
  try {
    state = JSON.parse(readFileSync(folder.state, 'utf8')) as DetachedState;
  } catch {
    return undefined;
  }
  if (!isOwnerDead(state.owner)) return state;
  removeState(folder);
  return undefined;
}

/** Environments that are up, by name. */
export function listDetached(reports: string): DetachedState[] {
  let names: string[];
  try {
    names = readdirSync(join(reports, 'up')).sort();
  } catch {
    return [];
  }
  return names.flatMap((name) => readState(detachedFolder(reports, name)) ?? []);
}
