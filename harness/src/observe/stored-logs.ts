// The log lines of a run that is over, as many of them as had arrived, and had not yet been dropped, at any place of its timeline.

import { JsonLine } from '../model/json-line.ts';
import type { LogLine, Window } from '../model/ports.ts';
import { LOG_LIMITS, type LogLimits } from './log-store.ts';
import { firstIndex } from './stored-metrics.ts';

interface Stored {
  lines: LogLine[];
  /** Place on the timeline of each line. */
  at: number[];
  /** How many lines had been dropped once this one was there. */
  dropped: number[];
  bytes: number;
}

export class StoredLogs {
  #services = new Map<string, Stored>();
  #isJson: (service: string) => boolean;
  #limits: LogLimits;

  constructor(isJson: (service: string) => boolean, limits: Partial<LogLimits> = {}) {
    this.#isJson = isJson;
    this.#limits = { ...LOG_LIMITS, ...limits };
  }

  /** `index`: how many events stood on the timeline before it. */
  add(line: LogLine, index: number): void {
    const { atMs, service, stream, text } = line;
    const stored = this.#services.get(service) ?? { lines: [], at: [], dropped: [], bytes: 0 };
    this.#services.set(service, stored);
    const plain: LogLine = { atMs, service, stream, text };
    stored.lines.push(this.#isJson(service) ? new JsonLine(plain) : plain);
    stored.at.push(index);
    stored.bytes += text.length;
    let head = stored.dropped.at(-1) ?? 0;
    const { maxLines, maxBytes } = this.#limits;
    // As the store did that kept them while the run went on.
    while (stored.lines.length - head > maxLines || (stored.bytes > maxBytes && stored.lines.length > head)) {
      stored.bytes -= stored.lines[head]?.text.length ?? 0;
      head += 1;
    }
    stored.dropped.push(head);
  }

  lines(service: string, { fromMs, toMs = Number.POSITIVE_INFINITY }: Window, seen: number): LogLine[] {
    const stored = this.#services.get(service);
    if (!stored) return [];
    const known = knownUpTo(stored, seen);
    return stored.lines
      .slice(stored.dropped[known - 1] ?? 0, known)
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }

  dropped(service: string, window: Window | undefined, seen: number): number {
    const stored = this.#services.get(service);
    if (!stored) return 0;
    const dropped = stored.dropped[knownUpTo(stored, seen) - 1] ?? 0;
    if (dropped === 0 || window === undefined) return dropped;
    const untilMs = stored.lines.slice(0, dropped).reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
    return untilMs < window.fromMs ? 0 : dropped;
  }
}

const knownUpTo = ({ at }: Stored, seen: number) => firstIndex(at.length, (index) => (at[index] ?? 0) >= seen);
