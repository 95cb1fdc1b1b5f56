// limit.memory: a service may use so much memory and no more; when it needs more, the kernel kills it as it does where memory is short.

import type { ContainerLimits } from '../../model/containers.ts';
import { TestcardError, toTestcardError } from '../../model/errors.ts';
import type { FaultKind } from '../../model/faults.ts';
import { describeBytes, type MemoryLimit, memoryLimitSchema } from '../../model/limit-fault.ts';
import {
  containersOf,
  isSameContainer,
  type RunningContainer,
  runningContainer,
} from '../container/running-container.ts';
import { readControlGroup } from './control-group.ts';

const KEY = 'limit.memory';

interface MemoryRecord extends RunningContainer {
  bytes: number;
  /** As they were. */
  before: ContainerLimits;
}

export const memoryFault: FaultKind<MemoryLimit, MemoryRecord> = {
  key: KEY,
  needs: 'containers',
  summary: 'Limit the memory of a service; the kernel kills it when it needs more',
  schema: memoryLimitSchema,
  describe: ({ service, bytes }) => `limit ${service} to ${describeBytes(bytes)} of memory`,
  async prepare({ service, bytes }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const container = await runningContainer(service, containers, signal);
    const before = await containers.limits(service, signal);
    if (before.memoryBytes > 0 && before.memoryBytes <= bytes) {
      throw new TestcardError(
        'FAULT_UNPROVEN',
        `${service} is limited to ${describeBytes(before.memoryBytes)} of memory already: nothing would change`,
      );
    }
    return { ...container, bytes, before };
  },
  async inject({ service, bytes, before }, ports, signal) {
    const containers = containersOf(ports, KEY);
    try {
      // Without swap: what is short is to be missed, not to be slow.
      await containers.setLimits(service, { ...before, memoryBytes: bytes, memorySwapBytes: bytes }, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { message } = toTestcardError(error);
      throw new TestcardError('FAULT_UNPROVEN', message, {
        hint: 'with control groups of the first generation no limit can be below what is in use: choose a larger one',
        cause: error,
      });
    }
  },
  async prove(record, ports, signal) {
    const containers = containersOf(ports, KEY);
    const { service, bytes } = record;
    const by = `the kernel’s control group of ${service}`;
    const { isOutOfMemory, status } = await containers.inspect(service, signal);
    if (!(await isSameContainer(record, containers, signal))) {
      const seen = isOutOfMemory ? 'killed, out of memory' : status;
      return { holds: isOutOfMemory, by, seen, ...(isOutOfMemory ? {} : { hopeless: 'it ended for another reason' }) };
    }
    const { memoryLimitBytes, memoryUsedBytes } = await readControlGroup(containers, service, signal);
    return {
      // The kernel counts in pages.
      holds: Math.abs(memoryLimitBytes - bytes) < 65_536 && memoryUsedBytes <= memoryLimitBytes,
      by,
      seen: `uses ${describeBytes(memoryUsedBytes)} of ${limitWords(memoryLimitBytes)}`,
      detail: { memoryLimitBytes, memoryUsedBytes },
    };
  },
  provableWithinMs: () => 10_000,
  async revert({ service, before }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const { cpus } = await containers.limits(service, signal);
    await containers.setLimits(service, { ...before, cpus }, signal);
  },
  async proveReverted({ service, before }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const { status } = await containers.inspect(service, signal);
    if (status !== 'running') {
      const { memoryBytes } = await containers.limits(service, signal);
      const holds = memoryBytes === before.memoryBytes;
      return { holds, by: `the settings of ${service}, which does not run`, seen: limitWords(memoryBytes) };
    }
    const { memoryLimitBytes } = await readControlGroup(containers, service, signal);
    return {
      holds: Math.abs(memoryLimitBytes - before.memoryBytes) < 65_536,
      by: `the kernel’s control group of ${service}`,
      seen: `may use ${limitWords(memoryLimitBytes)}`,
    };
  },
  revertedWithinMs: () => 10_000,
};

const limitWords = (bytes: number): string => (bytes === 0 ? 'all memory' : describeBytes(bytes));
