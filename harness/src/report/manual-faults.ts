// Faults made by hand, as text: what was asked, how it was proven, when it will be reverted.

import { formatDurationMs } from '../base/duration.ts';
import type { Proof } from '../model/faults.ts';
import type { ErrorRecord } from '../model/timeline.ts';

/** What is shown of a fault; times are Unix ms. */
export interface ShownFault {
  id: string;
  title: string;
  state: string;
  askedAtMs: number;
  injectedAtMs?: number | undefined;
  provenAtMs?: number | undefined;
  proof?: Proof | undefined;
  revertAtMs?: number | undefined;
  revertedAtMs?: number | undefined;
  revertProof?: Proof | undefined;
  problem?: ErrorRecord | undefined;
}

export function renderFault(fault: ShownFault, nowMs: number): string {
  const { id, title, state, askedAtMs, injectedAtMs, provenAtMs, proof, revertedAtMs, revertProof, problem } = fault;
  const after = (atMs: number) => `after ${formatDurationMs(Math.round(atMs - askedAtMs))}`;
  const row = (name: string, text: string) => `   ${name.padEnd(10)}${text}`;
  const lines = [`${id}  ${title}  (${state})`, row('asked', clockTime(askedAtMs))];
  if (injectedAtMs !== undefined) lines.push(row('injected', after(injectedAtMs)));
  if (proof) lines.push(row(proof.holds ? 'proven' : 'unproven', proofText(proof, provenAtMs && after(provenAtMs))));
  if (revertedAtMs !== undefined) {
    const held =
      injectedAtMs === undefined ? '' : `, held for ${formatDurationMs(Math.round(revertedAtMs - injectedAtMs))}`;
    lines.push(row('reverted', proofText(revertProof, `${clockTime(revertedAtMs)}${held}`)));
  } else if (problem) {
    lines.push(row('problem', problem.message));
  } else if (state === 'over') {
    lines.push(row('over', 'nothing to revert'));
  } else if (fault.revertAtMs !== undefined) {
    lines.push(row('until', untilText(fault.revertAtMs, nowMs, id)));
  }
  return lines.join('\n');
}

function proofText(proof: Proof | undefined, when: string | number | undefined): string {
  const parts = [when === undefined ? '' : String(when), proof ? `${proof.by}: ${proof.seen}` : ''];
  return parts.filter((part) => part !== '').join(' · ');
}

function untilText(atMs: number, nowMs: number, id: string): string {
  // Proving may take longer than it was to be held.
  if (atMs <= nowMs) return `${clockTime(atMs)}: its time is over, it is being reverted`;
  const left = formatDurationMs(Math.max(1, Math.round((atMs - nowMs) / 1_000)) * 1_000);
  return `${clockTime(atMs)} (${left} left), or: testcard fault revert ${id}`;
}

/** Local time of day with milliseconds. */
function clockTime(atMs: number): string {
  const date = new Date(atMs);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
