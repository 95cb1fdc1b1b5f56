// Keeps the log lines of services for checks, bounded, each with its JSON fields where the service logs JSON.

import { JsonLine } from '../model/json-line.ts';
import type { LogLine, LogsPort, Window } from '../model/ports.ts';

/** Per service; then the oldest go. */
export interface LogLimits {
  maxLines: number;
  /** Of text. */
  maxBytes: number;
}

export const LOG_LIMITS: LogLimits = { maxLines: 100_000, maxBytes: 64 * 1024 * 1024 };

export interface LogStoreOptions extends Partial<LogLimits> {
  /** Whether the lines of a service are JSON objects. */
  isJson: (service: string) => boolean;
}

export interface LogStore extends LogsPort {
  append(line: LogLine): void;
}

interface Kept {
  lines: LogLine[];
  /** Index of the oldest line that still counts; those before it go when there are many. */
  head: number;
  bytes: number;
  dropped: number;
  /** Arrival of the newest line that was dropped. */
  droppedUntilMs: number;
}

export function createLogStore({ isJson, ...limits }: LogStoreOptions): LogStore {
  const { maxLines, maxBytes } = { ...LOG_LIMITS, ...limits };
  const services = new Map<string, Kept>();

  const keptOf = (service: string): Kept => {
    let kept = services.get(service);
    if (kept === undefined) {
      kept = { lines: [], head: 0, bytes: 0, dropped: 0, droppedUntilMs: Number.NEGATIVE_INFINITY };
      services.set(service, kept);
    }
    return kept;
  };

  return {
    append(line) {
      const kept = keptOf(line.service);
      kept.lines.push(line instanceof JsonLine || !isJson(line.service) ? line : new JsonLine(line));
      kept.bytes += line.text.length;
      while (kept.lines.length - kept.head > maxLines || (kept.bytes > maxBytes && kept.lines.length > kept.head)) {
        const oldest = kept.lines[kept.head];
        kept.head += 1;
        kept.bytes -= oldest?.text.length ?? 0;
        kept.dropped += 1;
        kept.droppedUntilMs = Math.max(kept.droppedUntilMs, oldest?.atMs ?? 0);
      }
      if (kept.head > 1_000 && kept.head > kept.lines.length / 2) {
        kept.lines = kept.lines.slice(kept.head);
        kept.head = 0;
      }
    },
    lines(service, { fromMs, toMs = Number.POSITIVE_INFINITY }) {
      const kept = services.get(service);
      if (kept === undefined) return [];
      // Filtered rather than searched: the two streams of a service may be a line out of order.
      return kept.lines.slice(kept.head).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    },
    dropped(service, window?: Window) {
      const kept = services.get(service);
      if (kept === undefined) return 0;
      return window !== undefined && kept.droppedUntilMs < window.fromMs ? 0 : kept.dropped;
    },
  };
}
