// Lines that a service logs: how many fit, in which order, and how far apart.

import type { CheckKind } from '../../model/kinds.ts';
import { describeDemands, describeLines, type LogInput, logSchema, servicesOf } from './demand.ts';
import { judgeLog, type LogObservation } from './judgement.ts';

/** From the process that writes a line through pipes, and an engine, to here, on a busy machine. */
const LINE_SEEN_WITHIN_MS = 250;

export const logCheck: CheckKind<LogInput, LogObservation> = {
  key: 'log',
  docs: {
    summary:
      'Lines that a service logs, by their fields when it logs JSON, or by their text. `count` says how many lines fit, `sequence` in which order, `intervals` how far apart, `followed-by` what each must be followed by, `under-way` how much may go on at once; without any of these at least one line must fit. `between` looks at stretches between two other lines. A log of which lines had to be dropped never shows that something was not logged.',
    example:
      '- expect:\n    - log: { of: worker, where: { level: [error, fatal] } }\n      count: 0\n    - log: { of: worker, where: { msg: /retrying/ } }\n      intervals: { of: timestamp, are: [2s, 4s, 8s], tolerance: 20% }\n    - log: { of: store, where: { msg: write } } # another service writes nothing while the worker is idle\n      between: { from: { of: worker, where: { msg: idle } }, to: { of: worker, where: { msg: busy } }, by: timestamp }\n      count: 0\n    - log: { of: worker, where: { msg: job taken } }\n      followed-by: { same: job, lines: [{ where: { msg: job done }, after: 5s }] }\n      under-way: { from: { where: { msg: job taken } }, to: { where: { msg: job done } }, same: job, peak: { at-most: 4 } }',
  },
  schema: logSchema,
  seenWithinMs: LINE_SEEN_WITHIN_MS,
  describe: (input) => `${describeLines(input.log)}: ${describeDemands(input)}`,
  uses(input) {
    const { log, between } = input;
    const underWay = input['under-way'];
    const named: { name: string | undefined; path: (string | number)[] }[] = [
      { name: log.of, path: ['log', 'of'] },
      { name: between?.from.of, path: ['between', 'from', 'of'] },
      { name: between?.to.of, path: ['between', 'to', 'of'] },
      { name: underWay?.from.of, path: ['under-way', 'from', 'of'] },
      { name: underWay?.to.of, path: ['under-way', 'to', 'of'] },
      ...(input['followed-by']?.lines ?? []).map(({ of }, index) => ({
        name: of,
        path: ['followed-by', 'lines', index, 'of'],
      })),
    ];
    return named.flatMap(({ name, path }) => (name === undefined ? [] : [{ kind: 'service' as const, name, path }]));
  },
  async observe(input, ports, window) {
    const { of } = input.log;
    const others = servicesOf(input).filter((service) => service !== of);
    const lines = ports.logs.lines(of, window);
    const structured = lines.some(({ fields }) => fields !== undefined);
    const earlier = structured ? lines : ports.logs.lines(of, { fromMs: 0 });
    return {
      fromMs: window.fromMs,
      lines,
      dropped: [of, ...others].reduce((sum, service) => sum + ports.logs.dropped(service, window), 0),
      everLogged: earlier.length > 0,
      everStructured: structured || earlier.some(({ fields }) => fields !== undefined),
      ...(others.length === 0
        ? {}
        : { others: Object.fromEntries(others.map((service) => [service, ports.logs.lines(service, window)])) }),
    };
  },
  judge: judgeLog,
};
