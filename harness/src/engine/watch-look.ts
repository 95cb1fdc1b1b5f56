// Watches what a check looks at through its ports, and puts each look on the timeline, so that it can be judged again later from what is stored.

import { TestcardError } from '../model/errors.ts';
import type { PortAnswer } from '../model/looks.ts';
import type { CaseContext, CheckPorts, ServiceStatus } from '../model/ports.ts';
import { storeText } from '../model/stored-text.ts';
import { errorRecord } from './error-record.ts';

export interface WatchedLook {
  ports: CheckPorts;
  /** Events on the timeline at the last instant at which something was looked up in what was observed so far. */
  seen(): number;
  answers: PortAnswer[];
}

/** The case's ports; what comes of them that is not on the timeline anyway is noted. */
export function watchLook(context: CaseContext): WatchedLook {
  const { metrics, logs, services, http, streams, recordings } = context;
  const answers: PortAnswer[] = [];
  const length = () => context.timelineLength?.() ?? 0;
  let seen: number | undefined;
  const now = <T>(value: T): T => {
    seen = length();
    return value;
  };
  const failed = (error: unknown) =>
    error instanceof TestcardError ? { error: errorRecord(error, context.mask) } : undefined;
  const noteFailure = (error: unknown, answer: PortAnswer): never => {
    const record = failed(error);
    if (record) answers.push({ ...answer, ...record });
    throw error;
  };
  const status = (service: string): ServiceStatus => {
    const found = now(services.status(service));
    answers.push({ port: 'service', service, status: found });
    return found;
  };
  const ports: CheckPorts = {
    clock: context.clock,
    metrics: {
      services: () => metrics.services(),
      lastProblem: (service) => metrics.lastProblem(service),
      history(service, window) {
        try {
          return now(metrics.history(service, window));
        } catch (error) {
          return noteFailure(error, { port: 'history', service });
        }
      },
      scrape: (service, signal) =>
        metrics.scrape(service, signal).catch((error) => noteFailure(error, { port: 'scrape', service })),
      async exposition(service, signal) {
        const found = await metrics
          .exposition(service, signal)
          .catch((error) => noteFailure(error, { port: 'exposition', service }));
        const { status: code, contentType, text } = found;
        answers.push({ port: 'exposition', service, status: code, contentType, body: storeText(context.mask(text)) });
        return found;
      },
    },
    logs: {
      lines: (service, window) => now(logs.lines(service, window)),
      dropped: (service, window) => now(logs.dropped(service, window)),
    },
    services: {
      names: () => services.names(),
      status,
      history: (service, window) => now(services.history(service, window)),
    },
    http: {
      async request(request, signal) {
        const { url } = request;
        const found = await http.request(request, signal).catch((error) => noteFailure(error, { port: 'http', url }));
        const { status: code, headers, elapsedMs, body } = found;
        answers.push({ port: 'http', url, status: code, headers, elapsedMs, body: storeText(context.mask(body)) });
        return found;
      },
    },
    streams: {
      async probe(url, timeoutMs, signal) {
        const probe = await streams
          .probe(url, timeoutMs, signal)
          .catch((error) => noteFailure(error, { port: 'stream', url }));
        answers.push({ port: 'stream', url, probe });
        return probe;
      },
    },
    recordings: {
      names: () => recordings.names(),
      status(name) {
        const found = now(recordings.status(name));
        answers.push({ port: 'recording', name, status: found });
        return found;
      },
      measure: (name, wanted, signal) =>
        recordings.measure(name, wanted, signal).then(now, (error) => noteFailure(error, { port: 'measure', name })),
    },
  };
  return { ports, answers, seen: () => seen ?? length() };
}
