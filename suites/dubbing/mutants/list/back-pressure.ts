// Workers that do not do what back-pressure asks for.

import { disobey } from '../defects/disobey.ts';
import { hide } from '../defects/sts-defects.ts';
import type { Mutant, Taps } from '../mutant.ts';

const slow = { suite: 'backpressure', case: 'waits before each send' };
const paused = { suite: 'backpressure', case: 'sends nothing for the whole minute' };

const worker = (mutant: Omit<Mutant, 'service' | 'make' | 'seconds'>, make: () => Taps): Mutant => ({
  service: 'media-service',
  seconds: mutant.against === slow ? 50 : 110,
  make,
  ...mutant,
});

export const BACK_PRESSURE_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'slow-down-ignored',
      defect: 'slow_down is counted and logged, and no send waits',
      against: slow,
      killedBy: { check: /fragment:data.*(6s|intervals)/ },
    },
    () => disobey('slow_down', (payload) => ({ ...payload, action: 'none' })),
  ),
  worker(
    {
      name: 'slow-down-by-half',
      defect: 'each send waits for half of what slow_down recommends',
      against: slow,
      killedBy: { check: /fragment:data.*(6s|intervals)/ },
    },
    () =>
      disobey('slow_down', (payload) => ({
        ...payload,
        recommended_delay_ms: Number(payload.recommended_delay_ms) / 2,
      })),
  ),
  worker(
    {
      name: 'slow-down-for-ever',
      defect: 'the end of slow_down is not heard',
      against: slow,
      killedBy: { check: /fragment:data.*(6s|intervals)|worker_backpressure_events_total\{action="none"\}/ },
    },
    () => ({ sts: () => hide((event, { action }) => event === 'backpressure' && action === 'none') }),
  ),
  worker(
    {
      name: 'pause-ignored',
      defect: 'pause is counted and logged, and sending goes on',
      against: paused,
      killedBy: { check: /fragment:data.*backpressure/ },
    },
    () => disobey('pause', (payload) => ({ ...payload, action: 'none' })),
  ),
  worker(
    {
      name: 'pause-never-ends',
      defect: 'the end of a pause is not heard',
      against: paused,
      killedBy: { check: /worker_audio_fragments_total\{status="processed"\}/ },
    },
    () => ({ sts: () => hide((event, { action }) => event === 'backpressure' && action === 'none') }),
  ),
];
