// Packets between two containers of a real engine are broken, and measured with ordinary sockets: not by what the fault proves itself with.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultKind } from '../../model/faults.ts';
import { type Impairment, impairmentSchema } from '../../model/impairment.ts';
import { type DockerBench, dockerBench, engineFor } from '../testing/docker-bench.ts';
import { type Between, measureTcp, measureUdp } from '../testing/measure-path.ts';
import { findInterfaces } from './find-interfaces.ts';
import { impairFault } from './impair.ts';
import { findMeans } from './means.ts';
import { planImpairment } from './plan-impairment.ts';

const engine = engineFor('network.impair');
const never = new AbortController().signal;
const kind: FaultKind<Impairment, Awaited<ReturnType<typeof impairFault.prepare>>> = impairFault;

describe.skipIf(!engine)('packets of a container', () => {
  let bench: DockerBench;
  const paths: Record<'in' | 'out', Between> = {
    in: { from: 'peer', to: 'relay', host: '' },
    out: { from: 'relay', to: 'peer', host: '' },
  };
  /** A third one, which no filter of a test means. */
  const beside: Between = { from: 'other', to: 'relay', host: '' };

  beforeAll(async () => {
    if (!engine) return;
    bench = dockerBench(engine);
    await bench.network('net');
    for (const service of ['relay', 'peer', 'other']) await bench.start(service, { networks: ['net'] });
    const address = async (service: string) => (await bench.containers.attachments(service, never))[0]?.ipv4 ?? '';
    paths.in.host = await address('relay');
    paths.out.host = await address('peer');
    beside.host = paths.in.host;
  });
  afterAll(() => bench?.close());

  /** Injected, proven, measured, reverted, proven: with what was measured in between. */
  async function broken<T>(input: Omit<Impairment, 'service'>, measure: () => Promise<T>): Promise<T> {
    const record = await kind.prepare(impairmentSchema.parse({ service: 'relay', ...input }), bench.ports, never);
    await kind.inject(record, bench.ports, never);
    try {
      await until(() => kind.prove(record, bench.ports, never));
      return await measure();
    } finally {
      await kind.revert?.(record, bench.ports, never);
      await until(async () => (await kind.proveReverted?.(record, bench.ports, never)) ?? { holds: false, seen: '' });
    }
  }

  const udp = (way: 'in' | 'out', count: number, gapMs: number, bytes?: number) =>
    measureUdp(bench, paths[way], { count, gapMs, ...(bytes === undefined ? {} : { bytes }) });

  it.each(['in', 'out'] as const)(
    'loses 30 percent of 1,000 UDP datagrams on the way %s, and tells no sender',
    async (way) => {
      const seen = await broken({ loss: 0.3, towards: way, protocol: 'udp' }, () => udp(way, 1_000, 1));
      console.info(`loss 30 % ${way}:`, seen.lost, 'of', seen.sent);
      // 4 standard deviations of a binomial distribution: one in 16,000 runs is outside.
      expect(Math.abs(seen.lost - 300)).toBeLessThanOrEqual(4 * Math.sqrt(1_000 * 0.3 * 0.7));
      expect(seen.refused).toBe(0);
    },
  );

  it.each(['in', 'out'] as const)('delays by 100 ms on the way %s', async (way) => {
    const seen = await broken({ latencyMs: 100, towards: way }, () => udp(way, 300, 5));
    console.info(`latency 100 ms ${way}:`, seen.medianMs, 'ms, spread', seen.spreadMs);
    expect(Math.abs(seen.medianMs - 100)).toBeLessThanOrEqual(10);
    expect(seen).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('spreads delays evenly over twice the jitter', async () => {
    const seen = await broken({ latencyMs: 100, jitterMs: 40, towards: 'in' }, () => udp('in', 500, 3));
    console.info('jitter ± 40 ms:', seen.medianMs, 'ms, 5 to 95 %:', seen.spreadMs, 'ms, overtaken', seen.overtaken);
    // Evenly over 60 … 140 ms: the middle 90 % are 72 ms wide.
    expect(Math.abs(seen.spreadMs - 72)).toBeLessThanOrEqual(15);
    expect(Math.abs(seen.medianMs - 100)).toBeLessThanOrEqual(12);
  });

  it.each(['in', 'out'] as const)('duplicates 10 percent on the way %s', async (way) => {
    const seen = await broken({ duplicate: 0.1, towards: way }, () => udp(way, 1_000, 1));
    console.info(`duplicate 10 % ${way}:`, seen.duplicated, 'of', seen.sent);
    expect(Math.abs(seen.duplicated - 100)).toBeLessThanOrEqual(4 * Math.sqrt(1_000 * 0.1 * 0.9));
    expect(seen.lost).toBe(0);
  });

  it.each(['in', 'out'] as const)('holds back 10 percent on the way %s, so that others overtake them', async (way) => {
    const seen = await broken({ reorder: 0.1, towards: way }, () => udp(way, 1_000, 2));
    console.info(`reorder 10 % ${way}:`, seen.overtaken, 'of', seen.sent);
    expect(Math.abs(seen.overtaken - 100)).toBeLessThanOrEqual(4 * Math.sqrt(1_000 * 0.1 * 0.9));
    expect(seen).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it.each([
    ['in', 2_000_000],
    ['out', 2_000_000],
    ['in', 20_000_000],
    ['out', 20_000_000],
  ] as const)('limits UDP on the way %s to %i bit/s', async (way, bitsPerSecond) => {
    // Three times as much as fits, for a second.
    const bytes = 1_200;
    const gapMs = ((bytes + 42) * 8e3) / (3 * bitsPerSecond);
    const count = Math.ceil(1_000 / gapMs);
    const seen = await broken({ bitsPerSecond, towards: way }, () => udp(way, count, gapMs, bytes));
    console.info(`rate ${bitsPerSecond} ${way}:`, Math.round(seen.bitsPerSecond));
    expect(seen.bitsPerSecond / bitsPerSecond).toBeGreaterThan(0.9);
    expect(seen.bitsPerSecond / bitsPerSecond).toBeLessThan(1.1);
  });

  it.each(['in', 'out'] as const)('limits TCP on the way %s to 4 Mbit/s', async (way) => {
    const seen = await broken({ bitsPerSecond: 4_000_000, towards: way }, () =>
      measureTcp(bench, paths[way], { bytes: 1_500_000 }),
    );
    console.info(`TCP at 4 Mbit/s ${way}:`, Math.round(seen.bitsPerSecond));
    // Headers are counted too, and the first packets find an empty bucket.
    expect(seen.bitsPerSecond / 4e6).toBeGreaterThan(0.85);
    expect(seen.bitsPerSecond / 4e6).toBeLessThan(1.1);
  });

  it('delays TCP in both directions, and lets it run at full rate all the same', async () => {
    const seen = await broken({ latencyMs: 50, protocol: 'tcp' }, async () => ({
      trip: await measureTcp(bench, paths.in, { echoes: 20 }),
      into: await measureTcp(bench, paths.in, { bytes: 8_000_000 }),
      outOf: await measureTcp(bench, paths.out, { bytes: 8_000_000 }),
      udp: await udp('in', 100, 2),
    }));
    console.info(
      'TCP 50 + 50 ms:',
      seen.trip.tripMs,
      'ms; in',
      seen.into.bitsPerSecond,
      'out',
      seen.outOf.bitsPerSecond,
    );
    expect(Math.abs(seen.trip.tripMs - 100)).toBeLessThanOrEqual(10);
    expect(seen.into.bitsPerSecond).toBeGreaterThan(10e6);
    expect(seen.outOf.bitsPerSecond).toBeGreaterThan(10e6);
    expect(seen.udp.medianMs).toBeLessThan(5);
  });

  it('delays 20 Mbit/s of UDP without losing any of it', async () => {
    const bytes = 1_200;
    const gapMs = ((bytes + 42) * 8e3) / 20e6;
    const count = Math.ceil(2_000 / gapMs);
    const seen = {
      in: await broken({ latencyMs: 50, towards: 'in' }, () => udp('in', count, gapMs, bytes)),
      out: await broken({ latencyMs: 50, towards: 'out' }, () => udp('out', count, gapMs, bytes)),
    };
    for (const each of Object.values(seen)) {
      console.info('20 Mbit/s late by 50 ms:', JSON.stringify(each));
      expect(each.lost).toBe(0);
      expect(Math.abs(each.medianMs - 50)).toBeLessThanOrEqual(5);
      expect(each.bitsPerSecond).toBeGreaterThan(18e6);
    }
  });

  it('limits by the relay where the kernel has no tbf', async () => {
    const input = { service: 'relay', bitsPerSecond: 2_000_000, towards: 'in' } as const;
    const record = await kind.prepare(input, bench.ports, never);
    const interfaces = await findInterfaces(input, bench.containers, never);
    const means = { ...(await findMeans(bench.containers, 'relay', never)), tbf: 'not there' };
    const other = { ...record, plan: planImpairment(input, interfaces, means) };
    expect(other.plan.mechanisms).toEqual(['bandwidth in: NFQUEUE relay']);
    await kind.inject(other, bench.ports, never);
    await until(() => kind.prove(other, bench.ports, never));
    const seen = await udp('in', 600, 1.6, 1_200);
    await kind.revert?.(other, bench.ports, never);
    console.info('2 Mbit/s by the relay:', Math.round(seen.bitsPerSecond));
    expect(seen.bitsPerSecond / 2e6).toBeGreaterThan(0.9);
    expect(seen.bitsPerSecond / 2e6).toBeLessThan(1.1);
  });

  it('touches only the packets of the port, the protocol and the peer that are named', async () => {
    const seen = await broken({ loss: 1, protocol: 'udp', port: 5004, with: 'peer' }, async () => ({
      meant: await udp('in', 100, 1),
      reply: await measureUdp(bench, paths.out, { count: 100, gapMs: 1, port: 6000, fromPort: 5004 }),
      otherPort: await measureUdp(bench, paths.in, { count: 100, gapMs: 1, port: 5005 }),
      otherPeer: await measureUdp(bench, beside, { count: 100, gapMs: 1 }),
      tcp: await measureTcp(bench, paths.in, { echoes: 3, port: 5004 }),
    }));
    expect(seen.meant.received).toBe(0);
    expect(seen.reply.received).toBe(0);
    expect(seen.otherPort.received).toBe(100);
    expect(seen.otherPeer.received).toBe(100);
    expect(seen.tcp.tripMs).toBeLessThan(20);
  });

  it('does all at once', async () => {
    const input = { loss: 0.1, latencyMs: 60, jitterMs: 10, duplicate: 0.05, towards: 'in' } as const;
    const seen = await broken(input, () => udp('in', 1_000, 2));
    console.info('all at once:', JSON.stringify(seen));
    expect(Math.abs(seen.lost - 100)).toBeLessThanOrEqual(4 * Math.sqrt(1_000 * 0.1 * 0.9));
    expect(Math.abs(seen.duplicated - 45)).toBeLessThanOrEqual(4 * Math.sqrt(900 * 0.05 * 0.95));
    expect(Math.abs(seen.medianMs - 60)).toBeLessThanOrEqual(10);
  });

  it('leaves the network as it was, and nothing in its namespace', async () => {
    await broken({ loss: 0.2, latencyMs: 80, bitsPerSecond: 1_000_000 }, async () => {});
    const seen = await udp('in', 500, 1);
    const fast = await measureTcp(bench, paths.in, { bytes: 20_000_000 });
    expect(seen).toMatchObject({ lost: 0, duplicated: 0, overtaken: 0 });
    expect(seen.medianMs).toBeLessThan(5);
    expect(fast.bitsPerSecond).toBeGreaterThan(100e6);
    const { stdout } = await bench.containers.netExec(
      'relay',
      ['sh', '-c', 'iptables -t mangle -S; tc qdisc; ip -o link; cat /proc/net/netfilter/nfnetlink_queue'],
      never,
    );
    expect(stdout).not.toMatch(/TESTCARD|7e57|testcard|htb|tbf|ingress/);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^2: |^\d+: eth0/); // no queue of NFQUEUE follows the list of links
  });

  it('lets packets pass as if it were not there when the relay is killed', async () => {
    const seen = await broken({ latencyMs: 100, towards: 'in' }, async () => {
      const killed = await bench.containers.netExec(
        'relay',
        [
          'sh',
          '-c',
          'for p in /proc/[0-9]*; do if tr "\\0" " " <$p/cmdline 2>/dev/null | grep -q "[h]eapq"; then kill -9 ${p#/proc/}; echo killed; fi; done',
        ],
        never,
      );
      expect(killed.stdout).toContain('killed');
      return udp('in', 200, 2);
    });
    expect(seen.lost).toBe(0);
    expect(seen.medianMs).toBeLessThan(5);
  });

  it('is refused while an earlier one is there', async () => {
    await broken({ loss: 0.5, towards: 'out' }, async () => {
      await expect(kind.prepare({ service: 'relay', loss: 0.1 }, bench.ports, never)).rejects.toMatchObject({
        code: 'FAULT_UNPROVEN',
        message: expect.stringContaining('is impaired already'),
      });
    });
  });

  it('is gone with its container, whoever made it', async () => {
    await bench.start('mortal', { networks: ['net'] });
    const record = await kind.prepare({ service: 'mortal', loss: 0.5, latencyMs: 20 }, bench.ports, never);
    await kind.inject(record, bench.ports, never);
    const container = engine?.docker.getContainer(bench.idOf('mortal'));
    await container?.restart({ t: 0 });
    await kind.revert?.(record, bench.ports, never);
    expect(await kind.proveReverted?.(record, bench.ports, never)).toMatchObject({ holds: true });
    const { stdout } = await bench.containers.netExec(
      'mortal',
      ['sh', '-c', 'iptables -t mangle -S; tc qdisc; ip -o link'],
      never,
    );
    expect(stdout).not.toMatch(/TESTCARD|7e57|testcard/);
    await bench.remove('mortal');
  });
});

async function until(look: () => Promise<{ holds: boolean; seen: string }>): Promise<void> {
  let last = '';
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const { holds, seen } = await look();
    if (holds) return;
    last = seen;
  }
  throw new Error(`never shown: ${last}`);
}
