// A worker that hears what back-pressure asks for, counts it and logs it, and does something else.

import type { LogRecord, Payload, Taps } from '../mutant.ts';
import { add } from './metrics-defects.ts';
import { rewrite } from './sts-defects.ts';

/** Events of `action` reach the worker as `instead` makes them; log and metric say what the STS had said. */
export function disobey(action: string, instead: (payload: Payload) => Payload): Taps {
  const asked: Payload[] = [];
  let changedTo: unknown;
  let count = 0;
  return {
    sts: () =>
      rewrite((event, payload) => {
        if (event !== 'backpressure' || payload.action !== action) return payload;
        asked.push(payload);
        count += 1;
        const changed = instead(payload);
        changedTo = changed.action;
        return changed;
      }),
    log(line: LogRecord) {
      const said = line.msg === 'backpressure' && line.action === changedTo ? asked.shift() : undefined;
      if (!said) return line;
      const { action, severity, recommended_delay_ms } = said;
      return { ...line, action, severity, recommended_delay_ms };
    },
    metrics(text) {
      if (changedTo === action) return text;
      const counted = add(`worker_backpressure_events_total{action="${action}"}`, count)(text);
      return add(`worker_backpressure_events_total{action="${String(changedTo)}"}`, -count)(counted);
    },
  };
}
