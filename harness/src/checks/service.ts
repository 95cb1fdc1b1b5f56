// The state of a service: whether it runs, how it ended, how often it was started again.

import { constants } from 'node:os';
import { z } from 'zod';
import { mustDemand } from '../model/fields.ts';
import type { CheckKind } from '../model/kinds.ts';
import { describeNumberMatcher, type NumberMatcher, numberHolds, numberMatcherField } from '../model/number-matcher.ts';
import type { ServiceState, ServiceStatus } from '../model/ports.ts';
import type { Judgement } from '../model/verdict.ts';
import { combine, type Finding } from './combine.ts';
import { counted, sinceStart } from './words.ts';

const STATES = [
  'waiting',
  'starting',
  'running',
  'ready',
  'paused',
  'stopped',
  'exited',
  'failed',
] as const satisfies ServiceState[];

const ENDED: readonly ServiceState[] = ['stopped', 'exited', 'failed'];

type StateMatcher = { in: readonly ServiceState[]; words: string };

interface ServiceInput {
  service: string;
  state?: StateMatcher | undefined;
  'exit-code'?: NumberMatcher | undefined;
  restarts?: NumberMatcher | undefined;
}

interface ServiceObservation {
  fromMs: number;
  status: ServiceStatus;
  /** Earlier states that count as well: of the whole stretch in which every one, or in which any one, must fit. */
  held?: ServiceStatus[] | undefined;
  any?: ServiceStatus[] | undefined;
}

const oneState = z.enum(STATES);
const stateField = z.union([
  oneState.transform((state): StateMatcher => ({ in: [state], words: state })),
  z
    .array(oneState)
    .min(1)
    .transform((states): StateMatcher => ({ in: states, words: states.join(' or ') })),
  z
    .strictObject({ not: oneState.describe('Any state but this one') })
    .transform(({ not }): StateMatcher => ({ in: STATES.filter((state) => state !== not), words: `not ${not}` })),
]);

const wholeNumber = z.number().int();

const schema = z
  .strictObject({
    service: z.string().min(1).describe('A service of the environment'),
    state: stateField
      .optional()
      .describe(
        'Its state: waiting (for what it depends on), starting, running (up, not ready), ready, paused, stopped (by a step), exited (by itself), failed (did not start). One, a list of which any may be, or `{ not: … }`',
      ),
    'exit-code': numberMatcherField(wholeNumber)
      .optional()
      .describe(
        'The exit code of a service that has ended: a number, or a map of matchers. Killed by a signal: 128 + its number',
      ),
    restarts: numberMatcherField(wholeNumber.min(0))
      .optional()
      .describe(
        'How many times its restart policy has started it again since the case began: a number, or a map of matchers',
      ),
  })
  .superRefine(
    mustDemand(
      (input) => (input.state ?? input['exit-code'] ?? input.restarts) !== undefined,
      'says nothing that must be true of the service: add `state`, `exit-code` or `restarts`',
    ),
  );

export const serviceCheck: CheckKind<ServiceInput, ServiceObservation> = {
  key: 'service',
  docs: {
    summary: 'The state of a service: whether it runs, with which exit code it ended, how often it was started again.',
    example:
      '- eventually:\n    within: 90s\n    service: worker\n    state: exited\n- expect:\n    - service: worker\n      exit-code: { not: 0 }',
  },
  schema,
  describe: (input) => `service ${input.service}: ${describeDemands(input)}`,
  uses: ({ service }) => [{ kind: 'service', name: service, path: ['service'] }],
  async observe({ service }, { services }, window) {
    const since = (fromMs: number) => services.history(service, { ...window, fromMs });
    return {
      fromMs: window.fromMs,
      status: services.status(service),
      held: since(window.heldSinceMs ?? window.fromMs),
      any: window.anySinceMs === undefined ? undefined : since(window.anySinceMs),
    };
  },
  judge(observation, input) {
    // The latest state that fits, when one instant is enough; else the state now.
    const now = judgeStatus(observation.status, observation.fromMs, input);
    if (now.verdict === 'passed' || !observation.any) return now;
    const fitting = observation.any
      .map((status) => judgeStatus({ ...status, restarts: observation.status.restarts }, observation.fromMs, input))
      .findLast(({ verdict }) => verdict === 'passed');
    return fitting ?? now;
  },
  judgeContinuously(observation, input) {
    const states = [...(observation.held ?? []), observation.status];
    const judged = states.map((status) => judgeStatus(status, observation.fromMs, input));
    return (
      judged.find(({ verdict }) => verdict !== 'passed') ?? judgeStatus(observation.status, observation.fromMs, input)
    );
  },
};

function judgeStatus(status: ServiceStatus, fromMs: number, input: ServiceInput): Judgement {
  const findings: Finding[] = [];
  const since = sinceStart(status.sinceMs, fromMs);
  const final = status.isDown ? 'the service is down and nothing starts it again' : undefined;
  if (input.state) {
    const holds = input.state.in.includes(status.state);
    findings.push({
      verdict: holds ? 'passed' : 'failed',
      expected: `state ${input.state.words}`,
      seen: `${status.state} since ${since}${howItEnded(status)}`,
      atMs: status.sinceMs,
      hopeless: holds ? undefined : final,
    });
  }
  if (input['exit-code']) {
    // Of a service that was started again, the code it ended with before.
    const code = exitCodeOf(status);
    const holds = code !== undefined && numberHolds(input['exit-code'], code);
    const again = ENDED.includes(status.state) ? '' : `, and was started again: ${status.state} since ${since}`;
    findings.push({
      verdict: holds ? 'passed' : 'failed',
      expected: `exit code ${describeNumberMatcher(input['exit-code'])}`,
      seen:
        code === undefined
          ? `it has not ended: ${status.state} since ${since}`
          : `ended${exitWords(status)}${again === '' ? ` at ${since}` : again}`,
      atMs: status.sinceMs,
      hopeless: holds || code === undefined ? undefined : final,
    });
  }
  if (input.restarts) {
    const holds = numberHolds(input.restarts, status.restarts);
    findings.push({
      verdict: holds ? 'passed' : 'failed',
      expected: `restarts ${describeNumberMatcher(input.restarts)}`,
      seen: `started again ${counted(status.restarts, 'time')}`,
    });
  }
  return { last: status.state, ...combine(`service ${input.service}`, findings) };
}

function describeDemands(input: ServiceInput): string {
  return [
    ...(input.state ? [`state ${input.state.words}`] : []),
    ...(input['exit-code'] ? [`exit code ${describeNumberMatcher(input['exit-code'])}`] : []),
    ...(input.restarts ? [`restarts ${describeNumberMatcher(input.restarts)}`] : []),
  ].join(', ');
}

/** As shells and Docker count: killed by a signal is 128 + its number. */
function exitCodeOf({ exitCode, signal }: ServiceStatus): number | undefined {
  if (exitCode !== undefined) return exitCode;
  const number = signal === undefined ? undefined : (constants.signals as Record<string, number>)[signal];
  return number === undefined ? undefined : 128 + number;
}

const howItEnded = (status: ServiceStatus): string => (ENDED.includes(status.state) ? exitWords(status) : '');

function exitWords(status: ServiceStatus): string {
  const code = exitCodeOf(status);
  if (code === undefined) return '';
  return ` with exit code ${code}${status.signal === undefined ? '' : ` (${status.signal})`}`;
}
