// Lines that a service logs: how many fit, in which order, and how far apart.

import type { CheckKind } from '../../model/kinds.ts';
import { describeDemands, describeLines, type LogInput, logSchema } from './demand.ts';
import { judgeLog, type LogObservation } from './judgement.ts';

export const logCheck: CheckKind<LogInput, LogObservation> = {
  key: 'log',
  docs: {
    summary:
      'Lines that a service logs, by their fields when it logs JSON, or by their text. `count` says how many lines fit, `sequence` in which order, `intervals` how far apart; without any of these at least one line must fit. A log of which lines had to be dropped never shows that something was not logged.',
    example:
      '- expect:\n    - log: { of: worker, where: { level: [error, fatal] } }\n      count: 0\n    - log: { of: worker, where: { msg: /retrying/ } }\n      intervals: { of: timestamp, are: [2s, 4s, 8s], tolerance: 20% }',
  },
  schema: logSchema,
  describe: (input) => `${describeLines(input.log)}: ${describeDemands(input)}`,
  uses: ({ log }) => [{ kind: 'service', name: log.of, path: ['log', 'of'] }],
  async observe({ log: { of } }, ports, window) {
    const lines = ports.logs.lines(of, window);
    const structured = lines.some(({ fields }) => fields !== undefined);
    const earlier = structured ? lines : ports.logs.lines(of, { fromMs: 0 });
    return {
      fromMs: window.fromMs,
      lines,
      dropped: ports.logs.dropped(of, window),
      everLogged: earlier.length > 0,
      everStructured: structured || earlier.some(({ fields }) => fields !== undefined),
    };
  },
  judge: judgeLog,
};
