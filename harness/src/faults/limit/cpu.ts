// limit.cpu: a service gets so much of the processors and no more; with more to do it is held back in every period of the scheduler.

import type { ContainerLimits } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultKind } from '../../model/faults.ts';
import { type CpuLimit, cpuLimitSchema } from '../../model/limit-fault.ts';
import {
  containersOf,
  isSameContainer,
  type RunningContainer,
  runningContainer,
} from '../container/running-container.ts';
import { readControlGroup } from './control-group.ts';

const KEY = 'limit.cpu';
/** Ten periods of the scheduler. */
const LOOK_MS = 1_000;
/** Of the limit: what a period's edge lets through. */
const TOLERANCE = 1.15;
const SPARE_CPUS = 0.01;

interface CpuRecord extends RunningContainer {
  cpus: number;
  /** As they were. */
  before: ContainerLimits;
}

export const cpuFault: FaultKind<CpuLimit, CpuRecord> = {
  key: KEY,
  needs: 'containers',
  summary: 'Limit how much of the processors a service gets',
  schema: cpuLimitSchema,
  describe: ({ service, cpus }) => `limit ${service} to ${cpus} processors`,
  async prepare({ service, cpus }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const container = await runningContainer(service, containers, signal);
    const before = await containers.limits(service, signal);
    if (before.cpus > 0 && before.cpus <= cpus) {
      throw new TestcardError(
        'FAULT_UNPROVEN',
        `${service} is limited to ${before.cpus} processors already: nothing would change`,
      );
    }
    return { ...container, cpus, before };
  },
  async inject({ service, cpus, before }, ports, signal) {
    await containersOf(ports, KEY).setLimits(service, { ...before, cpus }, signal);
  },
  async prove(record, ports, signal) {
    const containers = containersOf(ports, KEY);
    const { service, cpus } = record;
    const by = `processor time of ${service} as the kernel counts it`;
    if (!(await isSameContainer(record, containers, signal))) {
      return { holds: false, by, seen: 'it does not run any more', hopeless: 'it ended' };
    }
    const first = await readControlGroup(containers, service, signal);
    await ports.clock.delay(LOOK_MS, signal);
    const last = await readControlGroup(containers, service, signal);
    const used = (last.usedMs - first.usedMs) / (last.atMs - first.atMs);
    const throttled = last.throttled - first.throttled;
    return {
      holds: Math.abs(last.cpus - cpus) < 0.01 && used <= cpus * TOLERANCE + SPARE_CPUS,
      by,
      seen: `used ${used.toFixed(2)} of ${last.cpus === 0 ? 'all' : last.cpus} processors, held back ${throttled} times`,
      detail: { used, throttled, limit: last.cpus },
    };
  },
  provableWithinMs: () => 10_000,
  async revert({ service, before }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const now = await containers.limits(service, signal);
    await containers.setLimits(service, { ...now, cpus: before.cpus }, signal);
  },
  async proveReverted({ service, before }, ports, signal) {
    const containers = containersOf(ports, KEY);
    const { status } = await containers.inspect(service, signal);
    const isRunning = status === 'running';
    const { cpus } = isRunning
      ? await readControlGroup(containers, service, signal)
      : await containers.limits(service, signal);
    return {
      holds: Math.abs(cpus - before.cpus) < 0.01,
      by: isRunning ? `the kernel’s control group of ${service}` : `the settings of ${service}, which does not run`,
      seen: cpus === 0 ? 'may use all processors' : `may use ${cpus} processors`,
    };
  },
  revertedWithinMs: () => 10_000,
};
