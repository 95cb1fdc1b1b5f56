// What Testcard writes on everything that it makes on an engine, so that it, and nothing else, is found again and removed.

import { currentOwner, isOwnerDead, type OwnerMark } from '../ownership/owner.ts';
import { ownHost } from './engine.ts';

const PREFIX = 'io.testcard.';
export const OWNER_LABEL = `${PREFIX}owner`;
export const HOST_LABEL = `${PREFIX}host`;
/** Unix seconds after which whoever made it is done with it, dead or not. */
export const LEASE_LABEL = `${PREFIX}lease-until`;
export const PROJECT_LABEL = `${PREFIX}project`;

export type Labels = Record<string, string>;

export function labelsOf(project: string, leaseMs: number, more: Readonly<Record<string, string>> = {}): Labels {
  return {
    [OWNER_LABEL]: currentOwner(),
    [HOST_LABEL]: ownHost(),
    [LEASE_LABEL]: String(Math.ceil((Date.now() + leaseMs) / 1000)),
    [PROJECT_LABEL]: project,
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`${PREFIX}${key}`, value])),
  };
}

/**
 * Whether the run that these labels name is over for certain: its process on this machine is gone, or, of another machine, its lease has
 * run out. Never of something that bears no labels of ours.
 */
export function isAbandoned(labels: Readonly<Labels> | null | undefined, nowMs = Date.now()): boolean {
  const owner: OwnerMark | undefined = labels?.[OWNER_LABEL];
  const lease = Number(labels?.[LEASE_LABEL]);
  if (owner === undefined || !labels?.[PROJECT_LABEL]) return false;
  if (labels[HOST_LABEL] === ownHost()) return isOwnerDead(owner);
  return Number.isFinite(lease) && lease * 1000 < nowMs;
}
