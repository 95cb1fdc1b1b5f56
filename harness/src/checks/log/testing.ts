// Log lines as tests write them: fields with the second they were logged in, by service.

import type { LogLine } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import type { LogObservation } from './judgement.ts';
import { logCheck } from './log.ts';

export const FROM = 1_700_000_000_000;

/** `at`: seconds since the case began. Lines hold it as `t` too, in epoch seconds. */
export type Written = { at: number } & Record<string, unknown>;

function lineOf(service: string, { at, ...fields }: Written): LogLine {
  const all = { t: FROM / 1_000 + at, ...fields };
  return { atMs: FROM + at * 1_000, service, stream: 'stdout', text: JSON.stringify(all), fields: all };
}

/** The check is about `worker`; lines of other services by name. */
export function observed(worker: Written[], others: Record<string, Written[]> = {}, dropped = 0): LogObservation {
  return {
    fromMs: FROM,
    lines: worker.map((line) => lineOf('worker', line)),
    dropped,
    everLogged: true,
    everStructured: true,
    others: Object.fromEntries(
      Object.entries(others).map(([service, lines]) => [service, lines.map((line) => lineOf(service, line))]),
    ),
  };
}

export function judge(check: Record<string, unknown>, observation: LogObservation): Judgement {
  return logCheck.judge(observation, logCheck.schema.parse(check));
}
