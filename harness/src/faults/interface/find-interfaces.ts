// Where an impairment takes place: the network interfaces of the service, and somebody on the same network to send packets to and from.

import type { Attachment, ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Impairment } from '../../model/impairment.ts';
import type { ImpairedInterfaces } from './plan-impairment.ts';
import type { ProbePath } from './probe-path.ts';
import { waysOf } from './traffic-filter.ts';

/** A network of the service, and its interface there. */
type Own = Attachment & { ipv4: string; device: string };

interface Meeting {
  own: Own;
  peer: { service: string; ipv4: string };
}

/** Throws FAULT_UNPROVEN when there is no network, or nobody on it. */
export async function findInterfaces(
  input: Impairment,
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<ImpairedInterfaces & { paths: ProbePath[] }> {
  const { service } = input;
  const own = await ownInterfaces(service, containers, signal);
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
    devices: [...new Set(affected.map(({ device }) => device))],
    remotes: input.with === undefined ? [] : meetings.map(({ peer }) => peer.ipv4),
    paths: meetings.flatMap(({ own: { ipv4 }, peer }) =>
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
  own: readonly Own[],
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
      if (here && there.ipv4 && !meetings.has(here.network)) {
        meetings.set(here.network, { own: here, peer: { service: peer, ipv4: there.ipv4 } });
      }
    }
    if (named === undefined && meetings.size === own.length) break;
  }
  return [...meetings.values()];
}

/** As the kernel of the container names them. */
export async function ownInterfaces(
  service: string,
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<Own[]> {
  const attachments = await containers.attachments(service, signal);
  const { stdout, stderr, code } = await containers.netExec(service, ['ip', '-j', '-4', 'addr', 'show', 'up'], signal);
  if (code !== 0) {
    throw new TestcardError(
      'STEP_INCONCLUSIVE',
      `the interfaces of ${service} could not be listed: ${stderr.trim().split('\n').at(-1)}`,
    );
  }
  const devices = JSON.parse(stdout || '[]') as { ifname?: string; addr_info?: { local?: string }[] }[];
  return attachments.flatMap((attachment) => {
    const { ipv4 } = attachment;
    const found = devices.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === ipv4));
    return ipv4 === undefined || found?.ifname === undefined ? [] : [{ ...attachment, ipv4, device: found.ifname }];
  });
}
