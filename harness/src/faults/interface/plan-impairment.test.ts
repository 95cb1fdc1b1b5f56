// What an impairment is made with, by what the kernel has.

import { describe, expect, it } from 'vitest';
import type { Means } from './means.ts';
import { describeMeans, type ImpairedInterfaces, planImpairment } from './plan-impairment.ts';

const all: Means = {
  ...{ netem: '', htb: '', tbf: '', ingress: '', statistic: '', nfqueue: '' },
  ...{ iptables: 'iptables', left: [] },
};
const noNetem: Means = { ...all, netem: 'Specified qdisc kind is unknown' };
const eth0: ImpairedInterfaces = { devices: ['eth0'], remotes: [] };
const plan = (input: object, means: Means, at = eth0) => planImpairment({ service: 'relay', ...input }, at, means);
const everything = {
  ...{ loss: 0.05, latencyMs: 100, jitterMs: 20, duplicate: 0.01, reorder: 0.02, bitsPerSecond: 2_000_000 },
};

describe('a kernel with netem', () => {
  it('does all with it, a rate apart, and runs no program', () => {
    const { setup, mechanisms, relay } = plan({ ...everything, towards: 'out' }, all);
    expect(relay).toBeUndefined();
    expect(mechanisms.join()).toBe(
      'loss out: netem,latency out: netem,jitter out: netem,duplicate out: netem,reorder out: netem,bandwidth out: tbf',
    );
    expect(setup).toContain(
      'tc qdisc add dev eth0 parent 7e57:1 handle 7e58: netem limit 100000 delay 100ms 20ms reorder 2% loss 5% duplicate 1%',
    );
    expect(setup).toContain(
      'tc qdisc add dev eth0 parent 7e58:1 handle 7e59: tbf rate 2000000bit burst 1600 limit 101600',
    );
    expect(setup.join()).not.toContain('iptables');
  });

  it('holds a share of packets back when the others are not delayed', () => {
    expect(plan({ reorder: 0.1, towards: 'out' }, all).setup.join()).toContain(
      'netem limit 100000 delay 20ms reorder 90%',
    );
  });

  it('turns what comes in around at a mirror of the interface, and takes both away', () => {
    const { setup, teardown } = plan({ loss: 0.05, towards: 'in' }, all);
    expect(setup[0]).toBe('ip link add testcard0 type ifb');
    expect(setup.filter((line) => line.includes('netem'))).toEqual([expect.stringContaining('dev testcard0')]);
    expect(teardown).toEqual(['tc qdisc del dev eth0 ingress', 'ip link del testcard0']);
  });
});

describe('a kernel without netem', () => {
  it('loses with iptables, limits with tbf, and has the relay for the rest', () => {
    const { mechanisms, relay, setup } = plan(everything, noNetem);
    expect(mechanisms).toEqual([
      'loss: iptables statistic',
      'latency: NFQUEUE relay',
      'jitter: NFQUEUE relay',
      'duplicate: NFQUEUE relay',
      'reorder: NFQUEUE relay',
      'bandwidth: tbf',
    ]);
    expect(relay).toMatchObject({
      queues: { in: 0x7e58, out: 0x7e59 },
      ...{ loss: 0, delayMs: 100, jitterMs: 20, duplicate: 0.01, reorder: 0.02, bitsPerSecond: 0 },
    });
    expect(setup.join('\n')).not.toContain('netem');
  });

  it('never drops with iptables itself, which would tell the sender', () => {
    const { setup } = plan({ loss: 0.05 }, noNetem);
    expect(setup.join('\n')).not.toContain('DROP');
    expect(setup).toContain(
      'iptables -w 5 -t mangle -A TESTCARD-OUT  -m statistic --mode random --probability 0.050000 -j NFQUEUE --queue-num 32346',
    );
  });

  it('lets packets pass when the relay is gone', () => {
    const queues = plan({ latencyMs: 100 }, noNetem).setup.filter((line) => line.includes('NFQUEUE'));
    expect(queues).toHaveLength(2);
    for (const each of queues) expect(each).toContain('--queue-bypass');
  });

  it('has the relay limit what comes in where there is no mirror of an interface', () => {
    const { mechanisms, relay } = plan({ bitsPerSecond: 64_000 }, { ...noNetem, ingress: 'Unknown device type' });
    expect(mechanisms).toEqual(['bandwidth in: NFQUEUE relay', 'bandwidth out: tbf']);
    expect(relay).toMatchObject({ queues: { in: 0x7e58 }, bitsPerSecond: 64_000, backlogMs: 1893 });
  });

  it('has the relay lose where iptables knows no statistic', () => {
    const { mechanisms, relay } = plan({ loss: 0.05 }, { ...noNetem, statistic: 'no such match' });
    expect(mechanisms).toEqual(['loss: NFQUEUE relay']);
    expect(relay).toMatchObject({ loss: 0.05 });
  });

  it('cannot delay without NFQUEUE, and says why', () => {
    expect(() => plan({ latencyMs: 100 }, { ...noNetem, nfqueue: 'no such target' })).toThrow(
      /nothing to make latency with \(netem: Specified qdisc kind is unknown; tbf: it limits rates only; NFQUEUE relay: no such target\)/,
    );
  });
});

describe('which packets', () => {
  const matches = (input: object, means: Means, remotes: string[] = []) =>
    plan(input, means, { devices: ['eth0'], remotes }).setup.filter((line) => /NFQUEUE|flowid/.test(line));

  it('are those of a protocol, a port of either end and a peer, for iptables', () => {
    const input = { loss: 1, towards: 'in', protocol: 'udp', port: 5004 };
    expect(matches(input, noNetem, ['10.0.0.7'])).toEqual([
      'iptables -w 5 -t mangle -A TESTCARD-IN -p udp -s 10.0.0.7 --source-port 5004  -j NFQUEUE --queue-num 32346',
      'iptables -w 5 -t mangle -A TESTCARD-IN -p udp -s 10.0.0.7 --destination-port 5004  -j NFQUEUE --queue-num 32346',
    ]);
  });

  it('and for tc, of both protocols when only a port is named', () => {
    const lines = matches({ bitsPerSecond: 1_000_000, towards: 'out', port: 80 }, noNetem, ['10.0.0.7']);
    expect(lines.map((line) => /u32 (.*) flowid/.exec(line)?.[1])).toEqual([
      'match ip protocol 17 0xff match ip dst 10.0.0.7/32 match ip sport 80 0xffff',
      'match ip protocol 17 0xff match ip dst 10.0.0.7/32 match ip dport 80 0xffff',
      'match ip protocol 6 0xff match ip dst 10.0.0.7/32 match ip sport 80 0xffff',
      'match ip protocol 6 0xff match ip dst 10.0.0.7/32 match ip dport 80 0xffff',
    ]);
  });

  it('are all of them without', () => {
    expect(matches({ bitsPerSecond: 1_000_000, towards: 'out' }, noNetem)[0]).toContain('match u32 0 0');
  });
});

it('impairs every interface that is meant', () => {
  const { setup, teardown } = plan({ loss: 0.1, towards: 'in' }, noNetem, { devices: ['eth0', 'eth1'], remotes: [] });
  expect(setup.filter((line) => / -i /.test(line))).toHaveLength(2);
  expect(teardown.filter((line) => / -D /.test(line))).toHaveLength(2);
});

describe('for doctor', () => {
  it('each effect has a line that names what makes it', () => {
    expect(describeMeans(noNetem).map(({ effect, by }) => `${effect}: ${by}`)).toEqual([
      'loss: iptables statistic',
      'latency: NFQUEUE relay',
      'jitter: NFQUEUE relay',
      'duplicate: NFQUEUE relay',
      'reorder: NFQUEUE relay',
      'bandwidth: tbf',
    ]);
    expect(describeMeans({ ...all, ingress: 'no ifb' })[1]?.by).toBe('NFQUEUE relay (in), netem (out)');
  });

  it('or says that nothing does, and why', () => {
    const none = { ...noNetem, nfqueue: 'no such target' };
    expect(describeMeans(none)[0]).toMatchObject({ isThere: false, by: expect.stringContaining('no such target') });
    expect(describeMeans(none)[5]).toMatchObject({ isThere: true });
  });
});
