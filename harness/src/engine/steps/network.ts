// `network`: breaks a TCP link between two services, or between something of Testcard's own and a service.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import {
  checkNetworkFields,
  describeBitrate,
  describeTarget,
  type NetworkFields,
  networkFault,
  networkFields,
  networkLinks,
} from '../../model/network-fault.ts';
import { holdFault } from '../hold-fault.ts';

const schema = z
  .strictObject({
    ...networkFields,
    for: durationField.optional().describe('How long; default: until the case ends'),
  })
  .superRefine((input, context) => {
    checkNetworkFields(input, context);
    if (input.reset && input.for !== undefined) {
      context.addIssue({ code: 'custom', message: 'a `reset` is over in a moment', path: ['for'] });
    }
  });
type Network = z.output<typeof schema>;

export const networkStep: StepKind<Network> = {
  key: 'network',
  docs: {
    summary:
      'Breaks a link: `latency` (with `jitter`), `bandwidth`, `cut`, `reset`, `wedge`, `slow-close`, of both directions or `towards` one end, and only for a time with `for`. It must be shown to have taken effect: a link that nothing uses is inconclusive. Only TCP links; only those that a suite names pass through a proxy.',
    example:
      '- network: { between: [worker, speech], cut: true, for: 12s }\n- network: { between: [worker, speech], latency: 200ms, jitter: 50ms, towards: speech }\n- network: { between: [output, relay], bandwidth: 500kbit/s }',
  },
  schema: () => schema,
  describe: (input) =>
    `${effectWords(input)} ${describeTarget(input)}${input.for === undefined ? '' : ` for ${formatDurationMs(input.for)}`}`,
  links: networkLinks,
  async run(input, context) {
    const { key, input: fault } = networkFault(input);
    context.progress(`${effectWords(input)} ${describeTarget(input)} to take effect`);
    await holdFault(context, key, fault, input.for);
  },
};

function effectWords(input: NetworkFields): string {
  if (input.latency !== undefined) {
    const jitter = input.jitter === undefined ? '' : ` ± ${formatDurationMs(input.jitter)}`;
    return `delay by ${formatDurationMs(input.latency)}${jitter}`;
  }
  if (input.bandwidth !== undefined) return `limit to ${describeBitrate(input.bandwidth)}`;
  if (input['slow-close'] !== undefined) return `close ${formatDurationMs(input['slow-close'])} late`;
  return input.cut ? 'cut' : input.reset ? 'reset' : 'wedge';
}
