// network.impair: packets of a service are lost, late, doubled, out of turn or throttled, at the network interface of its container. Proven by
// packets of Testcard's own that fit the same filter, counted and timed at the other end, whichever mechanism made the effect.

import { randomBytes } from 'node:crypto';
import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultKind, FaultPorts, Proof } from '../../model/faults.ts';
import { describeImpairment, IMPAIR, type Impairment, impairmentSchema } from '../../model/impairment.ts';
import {
  containersOf,
  isSameContainer,
  type RunningContainer,
  runningContainer,
} from '../container/running-container.ts';
import { findInterfaces } from './find-interfaces.ts';
import { type Judged, judgeArrivals, judgeFree } from './judge-arrivals.ts';
import { findMeans } from './means.ts';
import { type ImpairmentPlan, planImpairment } from './plan-impairment.ts';
import { type ProbePath, probePath, probeTakesMs } from './probe-path.ts';
import { startRelay, stopRelay } from './relay.ts';

/** A busy machine may lose a look. */
const SOUND_LOOKS = 3;

interface ImpairRecord extends RunningContainer {
  input: Impairment;
  engine: string;
  plan: ImpairmentPlan;
  /** Name of the relay's socket. */
  control: string;
  paths: ProbePath[];
}

export const impairFault: FaultKind<Impairment, ImpairRecord> = {
  key: IMPAIR,
  needs: 'containers',
  summary: 'Lose, delay, double, reorder or throttle packets at the network interface of a service',
  schema: impairmentSchema,
  describe: describeImpairment,
  async prepare(input, ports, signal) {
    const containers = containersOf(ports, IMPAIR);
    const container = await runningContainer(input.service, containers, signal);
    const { devices, remotes, paths } = await findInterfaces(input, containers, signal);
    const means = await findMeans(containers, input.service, signal);
    if (means.left.length > 0) {
      throw new TestcardError(
        'FAULT_UNPROVEN',
        `the network interface of ${input.service} is impaired already (${means.left.join(', ')} of an earlier fault)`,
        { hint: 'one `network` step can ask for several effects; revert the earlier one before the next' },
      );
    }
    const plan = planImpairment(input, { devices, remotes }, means);
    const record = {
      ...container,
      ...{ input, engine: containers.engine, plan, paths, control: `testcard-${randomBytes(6).toString('hex')}` },
    };
    await mustBeFree(record, ports, signal);
    return record;
  },
  async inject({ service, plan, control }, ports, signal) {
    const containers = containersOf(ports, IMPAIR);
    // First the one who takes packets from the queue, then what puts them there.
    if (plan.relay) await startRelay(containers, service, { ...plan.relay, control }, signal);
    const { code, stderr } = await containers.netExec(service, ['sh', '-ec', plan.setup.join('\n')], signal);
    if (code !== 0) {
      throw new TestcardError(
        'FAULT_UNPROVEN',
        `the network interface of ${service} could not be impaired: ${stderr.trim().split('\n').at(-1) || `exit code ${code}`}`,
      );
    }
  },
  async prove(record, ports, signal) {
    const { input, plan } = record;
    const found = await probe(record, ports, (arrivals) => judgeArrivals(arrivals, input), signal);
    return { ...found, by: `${found.by} (${plan.mechanisms.join(', ')})` };
  },
  provableWithinMs: ({ input, paths }) => 3 * paths.length * probeTakesMs(input) + 5_000,
  async revert({ plan, control, ...container }, ports, signal) {
    const containers = containersOf(ports, IMPAIR);
    if (!(await isSameContainer(container, containers, signal))) return; // gone with its namespace
    const { service } = container;
    const attempts = plan.teardown.map((command) => `${command} 2>/dev/null || :`);
    await containers.netExec(service, ['sh', '-c', attempts.join('\n')], signal);
    if (plan.relay) await stopRelay(containers, service, control, signal);
  },
  async proveReverted(record, ports, signal) {
    const containers = containersOf(ports, IMPAIR);
    const { service, input, paths } = record;
    if (!(await isSameContainer(record, containers, signal))) {
      return {
        holds: true,
        by: `the container of ${service}`,
        seen: 'it is not the same any more, and has another network',
      };
    }
    const { left } = await findMeans(containers, service, signal);
    if (left.length > 0) return { holds: false, by: `the network of ${service}`, seen: `${left.join(', ')} left` };
    const reachable = await pathsThatStand(paths, containers, signal);
    if (reachable.length === 0) {
      return {
        holds: true,
        by: `the network of ${service}`,
        seen: 'no rule left, and nobody there to send packets to',
      };
    }
    return probe({ ...record, paths: reachable }, ports, (arrivals) => judgeFree(arrivals, input), signal);
  },
  revertedWithinMs: ({ input, paths }) => 3 * paths.length * probeTakesMs(input) + 10_000,
};

/** A path that loses packets by itself proves nothing. Throws FAULT_UNPROVEN. */
async function mustBeFree(record: ImpairRecord, ports: FaultPorts, signal: AbortSignal): Promise<void> {
  const { service, input } = record;
  const few = { protocol: input.protocol, port: input.port, bitsPerSecond: input.bitsPerSecond };
  let last: Proof | undefined;
  for (let look = 0; look < SOUND_LOOKS; look += 1) {
    last = await probe(record, ports, (arrivals) => judgeFree(arrivals, few), signal, few);
    if (last.holds) return;
  }
  throw new TestcardError(
    'FAULT_UNPROVEN',
    `the network of ${service} is not sound to begin with — ${last?.by}: ${last?.seen}`,
  );
}

async function probe(
  { paths, input }: ImpairRecord,
  ports: FaultPorts,
  judge: (arrivals: Awaited<ReturnType<typeof probePath>>) => Judged,
  signal: AbortSignal,
  effects: Omit<Impairment, 'service'> = input,
): Promise<Proof> {
  const containers = containersOf(ports, IMPAIR);
  const found: (Judged & { path: string })[] = [];
  for (const path of paths) {
    const judged = judge(await probePath(containers, path, effects, ports.clock, signal));
    found.push({ ...judged, path: `${path.from.service} → ${path.to.service}` });
  }
  return {
    holds: found.length > 0 && found.every(({ holds }) => holds),
    by: `${input.protocol === 'tcp' ? 'TCP' : 'UDP'} packets of its own`,
    seen: found.map(({ path, seen }) => `${path}: ${seen}`).join('; '),
    detail: found.map(({ path, figures }) => ({ path, ...figures })),
  };
}

async function pathsThatStand(
  paths: readonly ProbePath[],
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<ProbePath[]> {
  const stand = await Promise.all(
    paths.map(async ({ from, to }) => {
      for (const { service, ipv4 } of [from, to]) {
        const { status } = await containers.inspect(service, signal);
        const attached = await containers.attachments(service, signal);
        if (status !== 'running' || !attached.some((each) => each.ipv4 === ipv4)) return false;
      }
      return true;
    }),
  );
  return paths.filter((_, index) => stand[index]);
}
