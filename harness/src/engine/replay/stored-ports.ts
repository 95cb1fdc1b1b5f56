// What a check sees when it looks at a run that is over: everything as it was at one place of the timeline, and the answers that were got there.

import type { Clock } from '../../base/clock.ts';
import { ERROR_KINDS, type ErrorCode, TestcardError } from '../../model/errors.ts';
import type { PortAnswer } from '../../model/looks.ts';
import type { Measurements, MeasureName } from '../../model/measurements.ts';
import type { CheckPorts, RecordingStatus } from '../../model/ports.ts';
import type { StoredObservations } from '../../model/stored-observations.ts';
import { readStoredText } from '../../model/stored-text.ts';
import type { ErrorRecord } from '../../model/timeline.ts';
import type { StoredCase } from './stored-case.ts';

/** Services are sampled four times a second, and given two seconds to answer. */
const STALE_AFTER_MS = 2_500;

/** A place on the timeline: how many events had been written, and when that was. */
export interface Moment {
  seen: number;
  atMs: number;
}

/** Measures a recording that is still there; undefined when it is gone. */
export type Remeasure = (
  recording: string,
  wanted: MeasureName[],
  signal: AbortSignal,
) => Promise<Measurements | undefined>;

export interface StoredPortsOptions {
  observations: StoredObservations;
  stored: StoredCase;
  remeasure?: Remeasure | undefined;
  /** What the verdict rests on beside the stored run. */
  note(text: string): void;
}

/** `answers`: those of the look that was made then; none for a look that the run did not make. */
export function storedPorts(
  { observations, stored, remeasure, note }: StoredPortsOptions,
  { seen, atMs }: Moment,
  answers?: readonly PortAnswer[],
): CheckPorts {
  const left = [...(answers ?? [])];
  const take = <P extends PortAnswer['port']>(port: P, is: (answer: Extract<PortAnswer, { port: P }>) => boolean) => {
    const index = left.findIndex((answer) => answer.port === port && is(answer as Extract<PortAnswer, { port: P }>));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (found?.error) throw storedError(found.error);
    return found as Extract<PortAnswer, { port: P }> | undefined;
  };
  const { metrics, logs, services } = observations;
  return {
    clock: frozenClock(atMs),
    metrics: {
      services: () => metrics.services(),
      lastProblem: () => undefined,
      history(service, window) {
        take('history', (answer) => answer.service === service);
        return metrics.history(service, window, seen);
      },
      async scrape(service) {
        take('scrape', (answer) => answer.service === service);
        const last = metrics.history(service, { fromMs: atMs }, seen).at(-1);
        // A look that the run made was told by the answer above when there was nothing to read.
        if (last && (answers || atMs - last.atMs <= STALE_AFTER_MS)) return last;
        throw new TestcardError(
          'METRICS_UNREADABLE',
          `metrics of ${service} could not be read at that moment of the run`,
        );
      },
      async exposition(service) {
        const found = take('exposition', (answer) => answer.service === service);
        if (found?.body && found.status !== undefined) {
          return { atMs, status: found.status, contentType: found.contentType, text: readStoredText(found.body) };
        }
        throw notAsked(`the text at the metrics address of ${service}`);
      },
    },
    logs: {
      lines: (service, window) => logs.lines(service, window, seen),
      dropped: (service, window) => logs.dropped(service, window, seen),
    },
    services: {
      names: () => services.names(),
      status: (service) =>
        take('service', (answer) => answer.service === service)?.status ?? services.status(service, seen),
      history: (service, window) => services.history(service, window, seen),
    },
    http: {
      async request({ url }) {
        const found = take('http', (answer) => answer.url === url);
        if (found?.body && found.status !== undefined) {
          const { status, headers = {}, elapsedMs = 0 } = found;
          return { status, headers, elapsedMs, body: readStoredText(found.body) };
        }
        throw notAsked(url);
      },
    },
    streams: {
      async probe(url) {
        const found = take('stream', (answer) => answer.url === url);
        if (found?.probe) return found.probe;
        throw notAsked(url);
      },
    },
    recordings: {
      names: () => [...new Set(recordingsOf(stored, seen).map(({ name }) => name))],
      status(name) {
        const found = take('recording', (answer) => answer.name === name);
        return found ? found.status : recordingsOf(stored, seen).findLast((each) => each.name === name);
      },
      async measure(name, wanted, signal) {
        take('measure', (answer) => answer.name === name);
        const own = stored.measurements.filter(({ recording }) => recording === name);
        const lacks = (measured: Measurements) => wanted.filter((each) => !isMeasured(measured, each));
        const known = own.findLast(({ measurements }) => lacks(measurements).length === 0);
        if (known) return known.measurements;
        const anew = await remeasure?.(name, wanted, signal);
        const last = own.at(-1);
        const missing = (last ? lacks(last.measurements) : wanted).join(', ');
        if (anew) {
          note(`recording ${name} was measured anew, for ${missing}`);
          return anew;
        }
        throw new TestcardError(
          'STEP_INCONCLUSIVE',
          `recording ${name} was not measured for ${missing} in the run, and it is gone`,
          {
            hint: 'recordings of passed cases are kept by `testcard run --keep`',
          },
        );
      },
    },
  };
}

function notAsked(what: string): TestcardError {
  return new TestcardError('STEP_INCONCLUSIVE', `${what} was not asked for at that moment of the run`, {
    hint: 'what nobody asked for cannot be judged later: run it again',
  });
}

/** As the engine threw it. */
export function storedError({ code, message, hint, position, detail }: ErrorRecord): TestcardError {
  const known: ErrorCode = code in ERROR_KINDS ? (code as ErrorCode) : 'INTERNAL';
  return new TestcardError(known, message, { hint, position, detail });
}

/** Something was judged, rather than went wrong. */
export const isOfCheck = ({ code }: ErrorRecord) => code === 'CHECK_FAILED' || code === 'CHECK_INCONCLUSIVE';

const isMeasured = (measured: Measurements, name: MeasureName) =>
  measured[name] !== undefined || measured.unmeasured?.[name] !== undefined;

/** What the timeline says of recordings, for a look that the run did not make. */
function recordingsOf({ activities }: StoredCase, seen: number): RecordingStatus[] {
  return activities
    .filter(({ kind, at }) => kind === 'recording' && at < seen)
    .map(({ name, state, detail }) => ({
      name,
      bytes: 0,
      state: state === 'ended' ? 'ended' : state === 'failed' ? 'failed' : 'recording',
      ...(state === 'failed' ? { problem: String(detail) } : {}),
    }));
}

/** Nothing waits while a run is judged again. */
function frozenClock(atMs: number): Clock {
  return { nowMs: () => atMs, monotonicMs: () => atMs, delay: () => Promise.resolve() };
}
