// What `stream:complete` reports of a session.

import { limits } from './protocol/limits.ts';

export type AnswerStatus = 'success' | 'partial' | 'failed';

export class Statistics {
  #fragments = 0;
  #durationMs = 0;
  #answers = 0;
  #totalProcessingMs = 0;
  readonly #counts: Record<AnswerStatus, number> = { success: 0, partial: 0, failed: 0 };
  readonly #processingTimesMs: number[] = [];

  fragmentTaken(durationMs: number): void {
    this.#fragments += 1;
    this.#durationMs += durationMs;
  }

  answered(status: AnswerStatus, processingMs: number): void {
    this.#counts[status] += 1;
    this.#totalProcessingMs += processingMs;
    this.#processingTimesMs[this.#answers % limits.processingTimes] = processingMs;
    this.#answers += 1;
  }

  /** The totals count every fragment taken, also those never answered; the percentile is the nearest rank. */
  report() {
    const sorted = this.#processingTimesMs.toSorted((a, b) => a - b);
    return {
      total_fragments: this.#fragments,
      total_duration_ms: this.#durationMs,
      statistics: {
        success_count: this.#counts.success,
        partial_count: this.#counts.partial,
        failed_count: this.#counts.failed,
        avg_processing_time_ms: this.#answers === 0 ? 0 : this.#totalProcessingMs / this.#answers,
        p95_processing_time_ms: sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0,
      },
    };
  }
}
