// A container of a real engine gets less of the machine, measured from outside of it.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { type DockerBench, dockerBench, engineFor } from '../testing/docker-bench.ts';
import { cpuFault } from './cpu.ts';
import { memoryFault } from './memory.ts';

const engine = engineFor('limit.memory, limit.cpu');
const never = new AbortController().signal;

/** Never rests. */
const BUSY = 'n=0\nimport time\nwhile True: n += 1';
/** Takes a megabyte more every 20 ms, after a while. */
const GREEDY =
  'import time\nheld = []\ntime.sleep(3)\nwhile True:\n  held.append(bytearray(1 << 20)); time.sleep(0.02)';
const IDLE = 'import time\ntime.sleep(1000)';

describe.skipIf(!engine)('a service that gets less of the machine', () => {
  let bench: DockerBench;
  let startGreedy = async () => {};

  beforeAll(async () => {
    if (!engine) return;
    bench = dockerBench(engine);
    await bench.network('net');
    const start = (service: string, program: string, memoryBytes?: number) =>
      bench.start(service, {
        networks: ['net'],
        argv: ['python3', '-c', program],
        user: '1000:1000',
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      });
    await start('busy', BUSY);
    startGreedy = () => start('greedy', GREEDY);
    await start('idle', IDLE, 256 << 20);
  });
  afterAll(() => bench?.close());

  /** Processor time as the engine counts it, s. */
  async function usedSeconds(service: string): Promise<number> {
    const container = engine?.docker.getContainer(bench.idOf(service));
    const stats = (await container?.stats({ stream: false })) as { cpu_stats: { cpu_usage: { total_usage: number } } };
    return stats.cpu_stats.cpu_usage.total_usage / 1e9;
  }

  it('has a tenth of a processor, and then all that there is', async () => {
    const share = async () => {
      const [from, at] = [await usedSeconds('busy'), systemClock.monotonicMs()];
      const to = await usedSeconds('busy'); // an answer takes the engine a second or more
      return (to - from) / ((systemClock.monotonicMs() - at) / 1_000);
    };
    const record = await cpuFault.prepare({ service: 'busy', cpus: 0.1 }, bench.ports, never);
    expect(await cpuFault.prove(record, bench.ports, never)).toMatchObject({ holds: false });
    await cpuFault.inject(record, bench.ports, never);
    expect(await cpuFault.prove(record, bench.ports, never)).toMatchObject({ holds: true });
    const limited = await share();
    expect(await cpuFault.proveReverted?.(record, bench.ports, never)).toMatchObject({ holds: false });
    await cpuFault.revert?.(record, bench.ports, never);
    expect(await cpuFault.proveReverted?.(record, bench.ports, never)).toMatchObject({ holds: true });
    const free = await share();
    console.info('processor limited to 0.1:', limited, 'then', free);
    expect(limited).toBeLessThan(0.15);
    expect(free).toBeGreaterThan(2 * limited);
  });

  it('is killed by the kernel when it needs more memory than it may use', async () => {
    await startGreedy();
    const record = await memoryFault.prepare({ service: 'greedy', bytes: 64 << 20 }, bench.ports, never);
    await memoryFault.inject(record, bench.ports, never);
    expect(await memoryFault.prove(record, bench.ports, never)).toMatchObject({ holds: true });
    const ended = await poll(
      async () => {
        const { status, isOutOfMemory } = await bench.containers.inspect('greedy', never);
        return status === 'exited' ? { done: true, value: isOutOfMemory } : { done: false, last: status };
      },
      { withinMs: 40_000, clock: systemClock },
    );
    expect(ended).toMatchObject({ ok: true, value: true });
    expect(await memoryFault.prove(record, bench.ports, never)).toMatchObject({ holds: true });
    await memoryFault.revert?.(record, bench.ports, never);
    expect(await memoryFault.proveReverted?.(record, bench.ports, never)).toMatchObject({ holds: true });
    expect(await bench.containers.limits('greedy', never)).toMatchObject({ memoryBytes: 0, cpus: 0 });
  });

  it('has its own limit back', async () => {
    const record = await memoryFault.prepare({ service: 'idle', bytes: 64 << 20 }, bench.ports, never);
    await memoryFault.inject(record, bench.ports, never);
    expect(await memoryFault.prove(record, bench.ports, never)).toMatchObject({ holds: true });
    await memoryFault.revert?.(record, bench.ports, never);
    expect(await memoryFault.proveReverted?.(record, bench.ports, never)).toMatchObject({
      holds: true,
      seen: 'may use 256MiB',
    });
  });

  it('is not limited to what it has anyway', async () => {
    await expect(memoryFault.prepare({ service: 'idle', bytes: 512 << 20 }, bench.ports, never)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
    });
  });
});
