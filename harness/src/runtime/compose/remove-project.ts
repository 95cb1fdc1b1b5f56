// Takes everything of a project off its engine: containers, networks and volumes that bear its label, and nothing else.

import type Docker from 'dockerode';
import { type Engine, reasonOf } from './engine.ts';
import { type Labels, PROJECT_LABEL } from './labels.ts';

const ROUNDS = 3;

/** What could not be removed, a line each; empty when nothing is left. Never throws. */
export async function removeProject(engine: Engine, project: string): Promise<string[]> {
  let problems: string[] = [];
  // What is being removed by somebody else, or came into being while we looked, is gone or seen the next time.
  for (let round = 0; round < ROUNDS; round += 1) {
    problems = [];
    const note = (what: string) => (error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) problems.push(`${what}: ${reasonOf(error)}`);
    };
    try {
      const left = await listProject(engine.docker, project);
      if (left.containers.length + left.networks.length + left.volumes.length === 0) return [];
      await Promise.all(
        left.containers.map((id) =>
          engine.docker
            .getContainer(id)
            .remove({ force: true, v: true })
            .catch(note(`container ${id.slice(0, 12)}`)),
        ),
      );
      await Promise.all([
        ...left.networks.map((id) =>
          engine.docker
            .getNetwork(id)
            .remove()
            .catch(note(`network ${id.slice(0, 12)}`)),
        ),
        ...left.volumes.map((name) =>
          engine.docker
            .getVolume(name)
            .remove()
            .catch(note(`volume ${name}`)),
        ),
      ]);
      if (problems.length === 0) return [];
    } catch (error) {
      return [`${engine.title} at ${engine.endpoint}: ${reasonOf(error)}`];
    }
  }
  return problems;
}

async function listProject(docker: Docker, project: string) {
  const filters = { label: [`${PROJECT_LABEL}=${project}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return {
    containers: containers.map(({ Id }) => Id),
    networks: networks.map(({ Id }) => Id),
    volumes: (volumes.Volumes ?? []).map(({ Name }) => Name),
  };
}

/** Labels of everything on the engine that bears one of ours, by project. */
export async function projectsOn({ docker }: Engine): Promise<Map<string, Labels>> {
  const filters = { label: [PROJECT_LABEL] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const all = [
    ...containers.map(({ Labels }) => Labels),
    ...networks.map(({ Labels }) => Labels),
    ...(volumes.Volumes ?? []).map(({ Labels }) => Labels),
  ];
  return new Map(all.flatMap((labels) => (labels?.[PROJECT_LABEL] ? [[labels[PROJECT_LABEL], labels] as const] : [])));
}
