// `service`: kills, stops, starts, restarts, pauses or resumes a service.

import { z } from 'zod';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import type { CaseContext } from '../../model/ports.ts';
import { holdFault } from '../hold-fault.ts';

const ACTIONS = ['kill', 'stop', 'start', 'restart', 'pause', 'resume'] as const;
type Action = (typeof ACTIONS)[number];

const name = (what: string) => z.string().min(1).optional().describe(what);

const schema = z
  .strictObject({
    kill: name('Sends a signal to all of its processes; its restart policy applies'),
    stop: name('Ends it as its Compose entry says; it stays down until `start`, `for` or the end of the case'),
    start: name('Starts it when it is down, and waits until it is ready'),
    restart: name('Stops and starts it, and waits until it is ready'),
    pause: name('Stops its processes where they are: connections stay open, nothing answers'),
    resume: name('Lets it go on after `pause`'),
    signal: z.string().startsWith('SIG').optional().describe('For `kill`; default SIGKILL'),
    for: durationField.optional().describe('For `stop` and `pause`: how long. Default: until the case ends'),
  })
  .superRefine((input, context) => {
    const asked = ACTIONS.filter((action) => input[action] !== undefined);
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    if (asked.length !== 1) refuse(`says what to do with which service: one of ${ACTIONS.join(', ')}`);
    if (input.signal !== undefined && input.kill === undefined) refuse('`signal` goes with `kill`');
    if (input.for !== undefined && input.stop === undefined && input.pause === undefined) {
      refuse('`for` goes with `stop` or `pause`');
    }
  });
type ServiceStep = z.output<typeof schema>;

function asked(input: ServiceStep): { action: Action; service: string } {
  const action = ACTIONS.find((each) => input[each] !== undefined) ?? 'start';
  return { action, service: input[action] ?? '' };
}

export const serviceStep: StepKind<ServiceStep> = {
  key: 'service',
  docs: {
    summary:
      'Acts on a service: `kill` (any signal), `stop`, `start`, `restart`, `pause`, `resume`. What breaks it is proven by the machine’s own list of processes before the step ends; the end of the case undoes it.',
    example:
      '- service: { kill: worker }\n- service: { kill: worker, signal: SIGTERM }\n- service: { stop: worker, for: 10s }\n- service: { pause: worker }\n- service: { resume: worker }',
  },
  schema: () => schema,
  describe(input) {
    const { action, service } = asked(input);
    return `${action} ${service}${input.signal === undefined ? '' : ` with ${input.signal}`}`;
  },
  uses(input) {
    const { action, service } = asked(input);
    return [{ kind: 'service', name: service, path: [action] }];
  },
  async run(input, context) {
    const { action, service } = asked(input);
    context.progress(`${service} to ${action}`);
    switch (action) {
      case 'kill':
        await holdFault(context, 'service.kill', { service, signal: input.signal ?? 'SIGKILL' });
        return;
      case 'stop':
      case 'pause':
        await holdFault(context, `service.${action}`, { service }, input.for);
        return;
      case 'restart':
        await (await holdFault(context, 'service.stop', { service })).revert(context.signal);
        return;
      case 'start':
      case 'resume':
        await bringBack(service, context);
    }
  },
};

/** Reverts what this case did to it; a service that went down by itself is started. */
async function bringBack(service: string, { faults, control, signal }: CaseContext): Promise<void> {
  const own = faults
    .active()
    .filter(({ key, input }) => key.startsWith('service.') && (input as { service?: unknown }).service === service);
  for (const fault of own) await fault.revert(signal);
  await control.start(service, signal);
}
