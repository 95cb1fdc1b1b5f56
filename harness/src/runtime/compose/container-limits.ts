// What of the machine a container may use, as its engine has it, and changing that while it runs.

import type Docker from 'dockerode';
import type { ContainerLimits } from '../../model/containers.ts';

const PERIOD_US = 100_000;
/** As good as none: the engine has no word for taking a limit away (0 changes nothing, less is refused). */
const NO_LIMIT_BYTES = 2 ** 62;

interface HostLimits {
  Memory?: number;
  MemorySwap?: number;
  NanoCpus?: number;
  CpuQuota?: number;
  CpuPeriod?: number;
}

export async function limitsOf(container: Docker.Container): Promise<ContainerLimits> {
  const { HostConfig } = (await container.inspect()) as { HostConfig: HostLimits };
  const { Memory = 0, MemorySwap = 0, NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0 } = HostConfig;
  const quota = CpuQuota > 0 ? CpuQuota / (CpuPeriod || PERIOD_US) : 0;
  return {
    memoryBytes: Memory >= NO_LIMIT_BYTES ? 0 : Math.max(0, Memory),
    memorySwapBytes: MemorySwap === 0 || MemorySwap >= NO_LIMIT_BYTES ? undefined : MemorySwap,
    cpus: NanoCpus > 0 ? NanoCpus / 1e9 : quota,
  };
}

export async function setLimits(
  container: Docker.Container,
  { memoryBytes, memorySwapBytes = memoryBytes, cpus }: ContainerLimits,
): Promise<void> {
  const { HostConfig } = (await container.inspect()) as { HostConfig: HostLimits };
  const { NanoCpus = 0 } = HostConfig;
  const now = await limitsOf(container);
  // One that was made with a number of processors can only get another number; a quota can be taken away again (-1; 0 changes nothing).
  const processors =
    NanoCpus > 0
      ? { NanoCpus: Math.round(cpus * 1e9) }
      : { CpuPeriod: PERIOD_US, CpuQuota: cpus === 0 ? -1 : Math.round(cpus * PERIOD_US) };
  const memory =
    memoryBytes === 0
      ? // Not -1 for swap: runc would leave the old limit, below which the new one of memory may not be.
        { Memory: NO_LIMIT_BYTES, MemorySwap: NO_LIMIT_BYTES }
      : { Memory: memoryBytes, MemorySwap: memorySwapBytes };
  await container.update({
    ...(memoryBytes === now.memoryBytes ? {} : memory),
    ...(cpus === now.cpus ? {} : processors),
  });
}
