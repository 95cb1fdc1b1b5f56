// Keeps the log lines of services for checks, bounded, each with its JSON fields where the service logs JSON.

import { JsonLine } from '../model/json-line.ts';
import type { LogLine, LogsPort, Window } from '../model/ports.ts';
import { LineBlock } from './line-block.ts';

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
  blocks: LineBlock[];
  /** Lines of the oldest block that do not count any more. */
  head: number;
  lines: number;
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
      kept = { blocks: [], head: 0, lines: 0, bytes: 0, dropped: 0, droppedUntilMs: Number.NEGATIVE_INFINITY };
      services.set(service, kept);
    }
    return kept;
  };

  return {
    append(line) {
      const kept = keptOf(line.service);
      const bytes = Buffer.byteLength(line.text);
      if (!kept.blocks.at(-1)?.add(line, bytes)) {
        const block = new LineBlock(line.service, bytes, isJson(line.service) ? asJson : asItIs);
        block.add(line, bytes);
        kept.blocks.push(block);
      }
      kept.lines += 1;
      kept.bytes += bytes;
      while (kept.lines > maxLines || (kept.bytes > maxBytes && kept.lines > 0)) dropOldest(kept);
    },
    lines(service, { fromMs, toMs = Number.POSITIVE_INFINITY }) {
      const kept = services.get(service);
      if (kept === undefined) return [];
      // Filtered rather than searched: the two streams of a service may be a line out of order.
      return kept.blocks.flatMap((block, index) =>
        block.reaches(fromMs, toMs)
          ? block.lines().filter(({ atMs }, at) => (index > 0 || at >= kept.head) && atMs >= fromMs && atMs <= toMs)
          : [],
      );
    },
    dropped(service, window?: Window) {
      const kept = services.get(service);
      if (kept === undefined) return 0;
      return window !== undefined && kept.droppedUntilMs < window.fromMs ? 0 : kept.dropped;
    },
  };
}

const asItIs = (line: LogLine) => line;
const asJson = (line: LogLine) => new JsonLine(line);

function dropOldest(kept: Kept): void {
  const [oldest] = kept.blocks;
  if (oldest === undefined) return;
  kept.lines -= 1;
  kept.bytes -= oldest.bytes(kept.head);
  kept.dropped += 1;
  kept.droppedUntilMs = Math.max(kept.droppedUntilMs, oldest.atMs(kept.head));
  kept.head += 1;
  if (kept.head < oldest.length) return;
  kept.blocks.shift();
  kept.head = 0;
}
