// network.unplug: a container is taken off its networks, as if its cable were pulled. Plugged in again it has its names and addresses back.

import { z } from 'zod';
import type { Attachment, ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultKind, Proof } from '../../model/faults.ts';
import {
  containersOf,
  isSameContainer,
  type RunningContainer,
  runningContainer,
} from '../container/running-container.ts';
import { ownInterfaces } from './find-interfaces.ts';

const UNPLUG = 'network.unplug';
const schema = z.strictObject({ service: z.string().min(1).describe('The service that is taken off its networks') });

interface UnplugRecord extends RunningContainer {
  /** As they were. */
  attachments: Attachment[];
  /** Somebody on the same networks who can see it gone. */
  witness?: { service: string };
}

export const unplugFault: FaultKind<z.output<typeof schema>, UnplugRecord> = {
  key: UNPLUG,
  needs: 'containers',
  summary: 'Take a service off its networks; plugged in again it has its names and addresses back',
  schema,
  describe: ({ service }) => `disconnect ${service} from its networks`,
  async prepare({ service }, ports, signal) {
    const containers = containersOf(ports, UNPLUG);
    const container = await runningContainer(service, containers, signal);
    const attachments = await containers.attachments(service, signal);
    if (attachments.length === 0) {
      throw new TestcardError('FAULT_UNPROVEN', `${service} is on no network: there is nothing to break`);
    }
    const witness = await findWitness(service, attachments, containers, signal);
    return { ...container, attachments, ...(witness ? { witness } : {}) };
  },
  async inject({ service, attachments }, ports, signal) {
    const containers = containersOf(ports, UNPLUG);
    for (const { network } of attachments) await containers.disconnect(service, network, signal);
  },
  async prove({ service, attachments, witness }, ports, signal) {
    const containers = containersOf(ports, UNPLUG);
    const devices = await devicesIn(service, containers, signal);
    const isCutOff = devices.length === 0;
    const seen = isCutOff ? 'it has no interface' : `it has ${devices.join(', ')}`;
    if (!witness || !isCutOff) return { holds: isCutOff, by: `the network namespace of ${service}`, seen };
    const reached = await reach(witness.service, addressesOf(attachments), containers, signal);
    return {
      holds: reached.length === 0,
      by: `the network namespace of ${service}, and ARP from ${witness.service}`,
      seen: `${seen}; ${reached.length === 0 ? 'nobody answers at its address' : `${reached.join(', ')} answers`}`,
    };
  },
  provableWithinMs: () => 15_000,
  async revert({ attachments, ...container }, ports, signal) {
    const containers = containersOf(ports, UNPLUG);
    const { service } = container;
    const now = await containers.attachments(service, signal);
    for (const attachment of attachments) {
      if (now.some(({ network }) => network === attachment.network)) continue;
      await containers.connect(service, attachment, signal);
    }
  },
  async proveReverted({ attachments, witness, ...container }, ports, signal) {
    const containers = containersOf(ports, UNPLUG);
    const { service } = container;
    const now = await containers.attachments(service, signal);
    const isRunning = await isSameContainer(container, containers, signal);
    const wrong = attachments.flatMap((before) => differences(before, now, isRunning));
    const interfaces = isRunning ? await ownInterfaces(service, containers, signal) : [];
    if (isRunning && interfaces.length < attachments.length) wrong.push('it lacks an interface');
    if (wrong.length > 0) return { holds: false, by: `the networks of ${service}`, seen: wrong.join('; ') };
    const names = attachments.map(({ network, ipv4 }) => `${network} as ${ipv4 ?? 'before'}`).join(', ');
    const restored: Proof = { holds: true, by: `the networks of ${service}`, seen: `on ${names}, with all its names` };
    if (!witness || !isRunning) return restored;
    const addresses = addressesOf(attachments);
    const reached = await reach(witness.service, addresses, containers, signal);
    return {
      holds: addresses.every((address) => reached.includes(address)),
      by: `${restored.by}, and ARP from ${witness.service}`,
      seen: `${restored.seen}; ${reached.join(', ') || 'nobody'} answers`,
    };
  },
  revertedWithinMs: () => 20_000,
};

const addressesOf = (attachments: readonly Attachment[]): string[] => attachments.flatMap(({ ipv4 }) => ipv4 ?? []);

/** What is not as it was. An engine may add names (the container's id), but none may be gone. */
function differences(before: Attachment, now: readonly Attachment[], isRunning: boolean): string[] {
  const found = now.find(({ network }) => network === before.network);
  if (!found) return [`it is not on ${before.network}`];
  const lost = before.aliases.filter((alias) => !found.aliases.includes(alias));
  return [
    ...(lost.length > 0 ? [`it lost the names ${lost.join(', ')} on ${before.network}`] : []),
    ...(isRunning && found.ipv4 !== before.ipv4 ? [`its address is ${found.ipv4}, and was ${before.ipv4}`] : []),
    ...(isRunning && before.mac !== found.mac ? [`its MAC address is ${found.mac}, and was ${before.mac}`] : []),
  ];
}

async function findWitness(
  service: string,
  attachments: readonly Attachment[],
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<{ service: string } | undefined> {
  for (const peer of containers.services()) {
    if (peer === service || (await containers.inspect(peer, signal)).status !== 'running') continue;
    const there = await containers.attachments(peer, signal);
    const shared = attachments.every(({ network }) => there.some((each) => each.network === network && each.ipv4));
    if (shared) return { service: peer };
  }
  return undefined;
}

/** As the kernel of the container lists them, whatever the engine believes. */
async function devicesIn(service: string, containers: ContainerControl, signal: AbortSignal): Promise<string[]> {
  const { stdout } = await containers.netExec(service, ['ip', '-o', 'link', 'show', 'up'], signal);
  return stdout
    .split('\n')
    .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? [])
    .filter((device) => device !== 'lo');
}

/** Asks who has the addresses, afresh: what is found in the neighbour table afterwards was answered now. */
const arpProgram = `
import json, socket, subprocess, sys, time

addresses = sys.argv[1:]
for address in addresses:
    subprocess.run(["ip", "neigh", "flush", "to", address], capture_output=True)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (address, 9))
found = []
for _ in range(30):
    table = json.loads(subprocess.run(["ip", "-j", "neigh"], capture_output=True, text=True).stdout or "[]")
    found = [each["dst"] for each in table if each["dst"] in addresses and "lladdr" in each and "FAILED" not in each["state"]]
    failed = [each["dst"] for each in table if each["dst"] in addresses and "FAILED" in each["state"]]
    if len(found) + len(failed) >= len(addresses):
        break
    time.sleep(0.1)
print(json.dumps(found))
`;

async function reach(
  witness: string,
  addresses: readonly string[],
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<string[]> {
  const { stdout, stderr, code } = await containers.netExec(
    witness,
    ['python3', '-c', arpProgram, ...addresses],
    signal,
  );
  if (code === 0) return JSON.parse(stdout) as string[];
  throw new TestcardError('STEP_INCONCLUSIVE', `the network could not be looked at from ${witness}: ${stderr.trim()}`);
}
