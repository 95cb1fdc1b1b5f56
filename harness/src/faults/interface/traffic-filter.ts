// Which packets an impairment is of, in the words of iptables and of tc's u32 classifier.

import type { ImpairedTraffic } from '../../model/impairment.ts';

export type Way = 'in' | 'out';
export const WAYS: readonly Way[] = ['in', 'out'];

/** All fields that are set must fit; a packet is meant when one of several matches does. */
export interface PacketMatch {
  protocol?: 'udp' | 'tcp';
  /** IPv4 address of the other end. */
  remote?: string;
  port?: { side: 'source' | 'destination'; number: number };
}

const PROTOCOL_NUMBERS = { udp: 17, tcp: 6 } as const;

export const waysOf = ({ towards }: ImpairedTraffic): readonly Way[] => (towards === undefined ? WAYS : [towards]);

/** `remotes`: addresses of the peer; empty when every peer is meant. */
export function matchesOf({ protocol, port }: ImpairedTraffic, remotes: readonly string[]): PacketMatch[] {
  const protocols = protocol ? [protocol] : port === undefined ? [undefined] : (['udp', 'tcp'] as const);
  const sides = port === undefined ? [undefined] : (['source', 'destination'] as const);
  const ends = remotes.length === 0 ? [undefined] : remotes;
  return protocols.flatMap((each) =>
    ends.flatMap((remote) =>
      sides.map((side) => ({
        ...(each ? { protocol: each } : {}),
        ...(remote === undefined ? {} : { remote }),
        ...(side && port !== undefined ? { port: { side, number: port } } : {}),
      })),
    ),
  );
}

export function iptablesMatch({ protocol, remote, port }: PacketMatch, way: Way): string {
  return [
    protocol && `-p ${protocol}`,
    remote && `${way === 'in' ? '-s' : '-d'} ${remote}`,
    port && `--${port.side}-port ${port.number}`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Of IPv4 packets without options, as all of today's are. */
export function u32Match({ protocol, remote, port }: PacketMatch, way: Way): string {
  const parts = [
    protocol && `match ip protocol ${PROTOCOL_NUMBERS[protocol]} 0xff`,
    remote && `match ip ${way === 'in' ? 'src' : 'dst'} ${remote}/32`,
    port && `match ip ${port.side === 'source' ? 'sport' : 'dport'} ${port.number} 0xffff`,
  ].filter(Boolean);
  return parts.length === 0 ? 'match u32 0 0' : parts.join(' ');
}
