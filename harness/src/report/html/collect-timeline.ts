// Turns the events of one timeline, in the order in which they come, into what the page shows of it.

import type { TimelineEvent } from '../../model/timeline.ts';
import { CaseCollector } from './collect-case.ts';
import { SeriesOfService } from './collect-series.ts';
import { logLevel } from './log-level.ts';
import { LOG_LEVELS, type LogLevel, type ServiceLane, type TimelineMarks } from './page-data.ts';

export interface LogLine {
  atMs: number;
  service: number;
  level: LogLevel;
  text: string;
}

/** Longer lines are cut: the service's own log beside the report has them whole. */
const MAX_LOG_CHARS = 4_000;

export class TimelineCollector {
  originAtMs = 0;
  endMs = 0;
  readonly logs: LogLine[] = [];
  readonly logServices: string[] = [];
  readonly series = new Map<string, SeriesOfService>();
  readonly cases: CaseCollector[] = [];
  readonly services: ServiceLane[] = [];
  #suite: Extract<TimelineEvent, { type: 'suite-started' }> | undefined;
  #environment: TimelineMarks['environment'] = [];
  #hasBegun = false;

  add(event: TimelineEvent): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.originAtMs = event.atMs;
    }
    const atMs = Math.round(event.atMs - this.originAtMs);
    if (atMs > this.endMs) this.endMs = atMs;
    switch (event.type) {
      case 'suite-started':
        this.#suite = event;
        break;
      case 'environment':
        this.#environment.push({ atMs, state: event.state });
        break;
      case 'service':
        this.#service(event, atMs);
        break;
      case 'metrics':
        this.#seriesOf(event.service).add(atMs, event.values);
        break;
      case 'log':
        this.#log(event, atMs);
        break;
      case 'case-started':
        this.cases.push(new CaseCollector(event, atMs));
        break;
      case 'suite-ended':
        break;
      default:
        this.#caseOf(event.case)?.add(event, atMs, this.originAtMs);
    }
  }

  get suite(): Extract<TimelineEvent, { type: 'suite-started' }> | undefined {
    return this.#suite;
  }

  get environment(): TimelineMarks['environment'] {
    return this.#environment;
  }

  /** Ends what had no end on the timeline (a killed run). */
  finish(): void {
    for (const each of this.cases) each.finish(this.endMs);
    for (const { spans } of this.services) {
      const last = spans.at(-1);
      if (last) last.toMs = this.endMs;
    }
  }

  #service({ service, state, restarts, exitCode, signal }: Extract<TimelineEvent, { type: 'service' }>, atMs: number) {
    let lane = this.services.find((each) => each.service === service);
    if (!lane) {
      lane = { service, spans: [] };
      this.services.push(lane);
    }
    const last = lane.spans.at(-1);
    if (last) last.toMs = atMs;
    lane.spans.push({ fromMs: atMs, toMs: atMs, state, restarts, exitCode, signal });
  }

  #seriesOf(service: string): SeriesOfService {
    const known = this.series.get(service);
    if (known) return known;
    const made = new SeriesOfService();
    this.series.set(service, made);
    return made;
  }

  #log({ service, text }: Extract<TimelineEvent, { type: 'log' }>, atMs: number): void {
    let index = this.logServices.indexOf(service);
    if (index < 0) index = this.logServices.push(service) - 1;
    const short = text.length > MAX_LOG_CHARS ? `${text.slice(0, MAX_LOG_CHARS)}…` : text;
    this.logs.push({ atMs, service: index, level: logLevel(text), text: short });
  }

  /** Of an event without a case (clean-up of the suite) there is nothing to show on a case's axis. */
  #caseOf(id: string | undefined): CaseCollector | undefined {
    return id === undefined ? this.cases.at(-1) : this.cases.findLast((each) => each.id === id);
  }
}

/** The text of the `log` chunk: one line each, in the order in which they came. */
export function logText(lines: readonly LogLine[]): string {
  const rows: string[] = [];
  for (const { atMs, service, level, text } of lines) {
    rows.push(`${atMs}\t${service}\t${LOG_LEVELS.indexOf(level)}\t${text.replaceAll('\n', ' ')}`);
  }
  return rows.join('\n');
}
