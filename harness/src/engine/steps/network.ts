// `network`: breaks a TCP link between two ends (`between`), the packets of one service (`on`), or takes a service off its networks
// (`disconnect`).

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import {
  checkImpairment,
  describeEffects,
  describeTraffic,
  IMPAIR,
  type ImpairmentFields,
  impairmentFields,
  impairmentOf,
} from '../../model/impairment.ts';
import type { NameUse, StepKind } from '../../model/kinds.ts';
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
    between: networkFields.between.optional(),
    towards: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With `between` one of the two ends: only bytes on their way to it are affected. With `on`: `in` (what the service receives) or `out` (what it sends). Default: both directions',
      ),
    port: networkFields.port.describe(
      'With `between`: container port of the server; default: every TCP link between the two. With `on`: only packets from or to this port, of either end',
    ),
    ...impairmentFields,
    disconnect: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Instead of `between`: a service that is taken off its networks, and gets back its names and addresses there. Not on the embedded runtime',
      ),
    for: durationField.optional().describe('How long; default: until the case ends'),
  })
  .superRefine((input, context) => {
    const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path });
    const asked = FORMS.filter((form) => input[form] !== undefined);
    const [form] = asked;
    if (form === undefined || asked.length > 1) {
      refuse('says where: one of `between: [a, b]` (a TCP link), `on: service` (its packets), `disconnect: service`');
      return;
    }
    for (const [key, forms] of Object.entries(GOES_WITH)) {
      if (input[key as keyof typeof input] === undefined || forms.includes(form)) continue;
      refuse(`\`${key}\` goes with ${forms.map((each) => `\`${each}\``).join(' or ')}`, key);
    }
    if (isOfLink(input)) checkNetworkFields(input, context);
    if (isOfPackets(input)) checkImpairment(input, context);
    if (input.reset && input.for !== undefined) refuse('a `reset` is over in a moment', 'for');
  });
type Network = z.output<typeof schema>;

const FORMS = ['between', 'on', 'disconnect'] as const;
type Form = (typeof FORMS)[number];

/** What is not listed goes with all of them. */
const GOES_WITH: Partial<Record<keyof Network, Form[]>> = {
  ...{ port: ['between', 'on'], towards: ['between', 'on'] },
  ...{ latency: ['between', 'on'], jitter: ['between', 'on'], bandwidth: ['between', 'on'] },
  ...{ cut: ['between'], reset: ['between'], wedge: ['between'], 'slow-close': ['between'] },
  ...{ with: ['on'], protocol: ['on'], loss: ['on'], duplicate: ['on'], reorder: ['on'] },
};

const isOfLink = (input: Network): input is Network & NetworkFields => input.between !== undefined;
const isOfPackets = (input: Network): input is Network & ImpairmentFields => input.on !== undefined;

export const networkStep: StepKind<Network> = {
  key: 'network',
  docs: {
    summary:
      'Breaks a TCP link (`between`): `latency` (with `jitter`), `bandwidth`, `cut`, `reset`, `wedge`, `slow-close`, of both directions or `towards` one end. Or the packets of one service (`on`), UDP too: one or more of `loss`, `latency` (with `jitter`), `duplicate`, `reorder`, `bandwidth`. Or takes a service off its networks (`disconnect`). Only for a time with `for`. It must be shown to have taken effect: a link that nothing uses is inconclusive. Only links that a suite names pass through a proxy; `on` and `disconnect` need the compose runtime.',
    example:
      '- network: { between: [worker, speech], cut: true, for: 12s }\n- network: { between: [worker, speech], latency: 200ms, jitter: 50ms, towards: speech }\n- network: { between: [output, relay], bandwidth: 500kbit/s }\n- network: { on: relay, loss: 5%, latency: 100ms, jitter: 20ms, protocol: udp, with: worker }\n- network: { disconnect: speech, for: 5s }',
  },
  schema: () => schema,
  describe: (input) => `${words(input)}${input.for === undefined ? '' : ` for ${formatDurationMs(input.for)}`}`,
  links: (input) => (isOfLink(input) ? networkLinks(input) : []),
  needs: (input) => (isOfLink(input) ? undefined : 'containers'),
  uses: (input) =>
    (['on', 'with', 'disconnect'] as const).flatMap((key): NameUse[] => {
      const name = input[key];
      return name === undefined ? [] : [{ kind: 'service', name, path: [key] }];
    }),
  async run(input, context) {
    context.progress(`${words(input)} to take effect`);
    const { key, input: fault } = faultOf(input);
    await holdFault(context, key, fault, input.for);
  },
};

function faultOf(input: Network): { key: string; input: unknown } {
  if (isOfLink(input)) return networkFault(input);
  if (isOfPackets(input)) return { key: IMPAIR, input: impairmentOf(input) };
  return { key: 'network.unplug', input: { service: input.disconnect } };
}

function words(input: Network): string {
  if (isOfLink(input)) return `${effectWords(input)} ${describeTarget(input)}`;
  if (!isOfPackets(input)) return `disconnect ${input.disconnect}`;
  const impairment = impairmentOf(input);
  return `${describeEffects(impairment)} ${describeTraffic(impairment)}`;
}

function effectWords(input: NetworkFields): string {
  if (input.latency !== undefined) {
    const jitter = input.jitter === undefined ? '' : ` ± ${formatDurationMs(input.jitter)}`;
    return `delay by ${formatDurationMs(input.latency)}${jitter}`;
  }
  if (input.bandwidth !== undefined) return `limit to ${describeBitrate(input.bandwidth)}`;
  if (input['slow-close'] !== undefined) return `close ${formatDurationMs(input['slow-close'])} late`;
  return input.cut ? 'cut' : input.reset ? 'reset' : 'wedge';
}
