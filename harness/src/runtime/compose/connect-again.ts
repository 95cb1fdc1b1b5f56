// Puts a container back on a network under its address, also where the engine takes no wish for one.

import type Docker from 'dockerode';
import type { Attachment } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Engine } from './engine.ts';
import { reasonOf } from './engine.ts';
import type { Labels } from './labels.ts';
import { toolsImage } from './side-containers.ts';

/** Only networks whose subnet somebody chose take wishes; Compose's own do not have one. */
const TAKES_NO_WISH = /user configured subnets/i;
const MOST_PLACES = 32;

/** Throws STEP_INCONCLUSIVE when the address cannot be had, being on the network under another one then. */
export async function connectAgain(
  { docker }: Engine,
  container: Docker.Container,
  { network, aliases, ipv4, mac }: Attachment,
  labels: Labels,
): Promise<void> {
  const at = docker.getNetwork(network);
  const connect = (wish: object) =>
    at.connect({
      Container: container.id,
      EndpointConfig: { Aliases: aliases, ...(mac === undefined ? {} : { MacAddress: mac }), ...wish },
    });
  if (ipv4 === undefined) {
    await connect({});
    return;
  }
  try {
    await connect({ IPAMConfig: { IPv4Address: ipv4 } });
    return;
  } catch (error) {
    if (!TAKES_NO_WISH.test(reasonOf(error))) throw error;
  }
  // The engine gives the lowest address that is free: those below ours are held by others until ours is next.
  const holders: Docker.Container[] = [];
  try {
    for (;;) {
      await connect({});
      const got = await addressOf(container, network);
      // Given when it starts: there is nothing to compare yet.
      if (got === ipv4 || got === undefined) return;
      if (numberOf(got) > numberOf(ipv4) || holders.length >= MOST_PLACES) {
        throw new TestcardError('STEP_INCONCLUSIVE', `its address ${ipv4} on ${network} is taken; it has ${got}`);
      }
      await at.disconnect({ Container: container.id });
      holders.push(await hold(docker, network, labels));
    }
  } finally {
    await Promise.all(holders.map((holder) => holder.remove({ force: true }).catch(() => undefined)));
  }
}

async function addressOf(container: Docker.Container, network: string): Promise<string | undefined> {
  const { NetworkSettings } = await container.inspect();
  return NetworkSettings.Networks[network]?.IPAddress || undefined;
}

async function hold(docker: Docker, network: string, labels: Labels): Promise<Docker.Container> {
  const holder = await docker.createContainer({
    Image: toolsImage(),
    Entrypoint: ['sleep'],
    Cmd: ['60'],
    Labels: labels,
    HostConfig: { NetworkMode: network, CapDrop: ['ALL'], AutoRemove: true },
  });
  await holder.start();
  return holder;
}

const numberOf = (ipv4: string): number => ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
