// Whose processes and temporary folders these are: the process at the top of a run, written into the environment of all below it.

import { pidNamespace, processStart } from './process-identity.ts';

/** Every process below an owner inherits it. */
export const OWNER_VARIABLE = 'TESTCARD_OWNER';

/** `<pid>:<start time>:<pid namespace>`. */
export type OwnerMark = string;

const MARK = /^(\d+):([^:\s]+):(\d+)$/;

/** Makes this process an owner, whatever it inherited: for the command line and for the keeper of a detached environment. */
export function ownFromHere(): OwnerMark {
  const mark = `${process.pid}:${processStart(process.pid) ?? '0'}:${pidNamespace}`;
  process.env[OWNER_VARIABLE] = mark;
  return mark;
}

/** The owner above this process; this process itself when there is none (somebody runs Vitest by hand). */
export function currentOwner(): OwnerMark {
  const inherited = process.env[OWNER_VARIABLE];
  return inherited !== undefined && MARK.test(inherited) ? inherited : ownFromHere();
}

export function isOwner(): boolean {
  return Number(MARK.exec(currentOwner())?.[1]) === process.pid;
}

/** Whether the process that a mark names is known to be gone. Never of something that is no mark, nor of one from another namespace. */
export function isOwnerDead(mark: OwnerMark): boolean {
  const match = MARK.exec(mark);
  if (!match || match[3] !== pidNamespace) return false;
  return processStart(Number(match[1])) !== match[2];
}

/** The mark as part of a file name, and back. */
export const markToName = (mark: OwnerMark): string => mark.replaceAll(':', '_');
export const markFromName = (name: string): OwnerMark => name.replaceAll('_', ':');
