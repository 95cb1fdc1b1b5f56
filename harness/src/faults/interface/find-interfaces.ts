// Where an impairment takes place: the network interfaces of the service, and somebody on the same network to send packets to and from.

import type { Attachment, ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Impairment } from '../../model/impairment.ts';
import type { ImpairedInterfaces } from './plan-impairment.ts';
import type { ProbePath } from './probe-path.ts';
import { waysOf } from './traffic-filter.ts';

interface Meeting {
  own: Attachment;
  peer: { service: string; ipv4: string };
}

/** Throws FAULT_UNPROVEN when there is no network, or nobody on it. */
export async function findInterfaces(
  input: Impairment,
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<ImpairedInterfaces & { paths: ProbePath[] }> {
  const { service } = input;
  const own = (await containers.attachments(service, signal)).filter(({ device, ipv4 }) => device && ipv4);
  if (own.length === 0)
    throw new TestcardError('FAULT_UNPROVEN', `${service} is on no network: there is nothing to break`);
  const meetings = await meet(input, own, containers, signal);
  const affected = input.with === undefined ? own : meetings.map((each) => each.own);
  const unseen = affected.filter(({ network }) => !meetings.some((each) => each.own.network === network));
  if (affected.length === 0 || unseen.length > 0) {
    const where = unseen.length > 0 ? `on ${unseen.map(({ network }) => network).join(', ')}` : 'on its networks';
    throw new TestcardError(
      'FAULT_UNPROVEN',
      `${input.with ?? 'no other service'} ${input.with === undefined ? '' : 'does not run '}${where} of ${service}: nobody could show that packets are broken`,
      { hint: 'a service that runs on the same network is needed to count packets at the other end' },
    );
  }
  return {
    devices: [...new Set(affected.flatMap(({ device }) => device ?? []))],
    remotes: input.with === undefined ? [] : meetings.map(({ peer }) => peer.ipv4),
    paths: meetings.flatMap(({ own: { ipv4 = '' }, peer }) =>
      waysOf(input).map((way): ProbePath => {
        const here = { service, ipv4 };
        return way === 'out' ? { way, from: here, to: peer } : { way, from: peer, to: here };
      }),
    ),
  };
}

/** One peer on each network: the one that is named, or the first that runs. */
async function meet(
  { service, with: named }: Impairment,
  own: readonly Attachment[],
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<Meeting[]> {
  const candidates = named === undefined ? containers.services().filter((each) => each !== service) : [named];
  const meetings = new Map<string, Meeting>();
  for (const peer of candidates) {
    const { status } = await containers.inspect(peer, signal);
    if (status !== 'running') continue;
    for (const there of await containers.attachments(peer, signal)) {
      const here = own.find(({ network }) => network === there.network);
      if (here && there.ipv4 && there.device && !meetings.has(here.network)) {
        meetings.set(here.network, { own: here, peer: { service: peer, ipv4: there.ipv4 } });
      }
    }
    if (named === undefined && meetings.size === own.length) break;
  }
  return [...meetings.values()];
}
