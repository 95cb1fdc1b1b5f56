// What the engine sees and judges, as the timeline keeps it: enough to judge it again, by the same suite or by a changed one.

import type { MetricPoint, RecordingStatus, ServiceStatus, StreamProbe, Window } from './ports.ts';
import type { CheckUse, ErrorRecord } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/** One look at what a check is about. What was judged follows from the timeline up to here, and from `answers`. */
export interface Look {
  /** The step that looked, `''` for `throughout`. */
  step: string;
  how: CheckUse;
  /** Which of the checks of that step, or of `throughout`. */
  check: number;
  window: Window;
  /** How many events stood on the timeline when it looked: what came between looking and judging does not count. */
  seen: number;
  verdict: Verdict;
  /** For `throughout`: the look at the end of the case, over all of it. */
  isFinal?: boolean;
  answers?: PortAnswer[];
}

/** What was seen at a look and cannot be seen from the rest of the timeline. */
export type PortAnswer = { error?: ErrorRecord } & (
  | { port: 'scrape'; service: string }
  | { port: 'history'; service: string }
  | { port: 'exposition'; service: string; status?: number; contentType?: string | undefined; body?: StoredText }
  | { port: 'service'; service: string; status: ServiceStatus }
  | {
      port: 'http';
      url: string;
      status?: number;
      headers?: Record<string, string>;
      elapsedMs?: number;
      body?: StoredText;
    }
  | { port: 'stream'; url: string; probe?: StreamProbe }
  | { port: 'recording'; name: string; status?: RecordingStatus | undefined }
  /** The measurement itself is an event of its own. */
  | { port: 'measure'; name: string }
);

/** A long one is compressed (gzip, base64). */
export type StoredText = { text: string } | { gzip: string };

/** What a service answered to a step that asked it something. */
export type Answer =
  | {
      to: 'request';
      method: string;
      url: string;
      status: number;
      headers: Record<string, string>;
      elapsedMs: number;
      body: StoredText;
    }
  | { to: 'emit'; service: string; event: string; reply?: unknown; rejected?: unknown };

/** One scrape, as what is different from the one before. */
export interface MetricsRecord {
  /** Series that are new or have another value. */
  values: Record<string, number>;
  /** Values that JSON has no number for. */
  odd?: Record<string, OddNumber>;
  /** Series that are new or of another type than before, with their place among all. */
  placed?: Record<string, [index: number, type: MetricPoint['type']]>;
  gone?: string[];
}

export type OddNumber = 'NaN' | 'Infinity' | '-Infinity';
