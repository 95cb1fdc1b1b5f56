// Runs the services of an environment as containers: each environment is a Compose project of its own, with its own networks and ports.

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { linksOfUses } from '../../environment/links.ts';
import type { EnvironmentSpec, Runtime, StartOptions } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Link } from '../../model/faults.ts';
import { claimPorts } from '../ownership/claim-ports.ts';
import { noteEngine } from '../ownership/engine-notes.ts';
import { takeTurn } from '../ownership/turns.ts';
import { notReadyError } from '../supervision/await-service.ts';
import { openLogFile } from '../supervision/log-file.ts';
import { refuseUnknownOverrides } from '../supervision/refuse-unknown-overrides.ts';
import { serviceEvent } from '../supervision/service-event.ts';
import { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { SupervisedService } from '../supervision/supervised-service.ts';
import { createProject, readModel } from './compose-cli.ts';
import { createContainerControl } from './container-control.ts';
import { containerLife } from './container-life.ts';
import { containerReadiness } from './container-readiness.ts';
import { connectEngine, type Engine, reasonOf } from './engine.ts';
import { type EngineWatch, watchEngine } from './engine-watch.ts';
import { labelsOf } from './labels.ts';
import { LINK_PROXY, portsOfProxy, proxiedPlans } from './link-proxy-service.ts';
import { type ProjectPlan, projectModel } from './project-model.ts';
import { removeProject } from './remove-project.ts';
import { SideContainers } from './side-containers.ts';
import { sweepEngine } from './sweep-engines.ts';
import { openToxiproxyLinks } from './toxiproxy-links.ts';

export interface ComposeRuntimeOptions {
  clock?: Clock;
}

export interface ComposeRuntime extends Runtime {
  readonly name: 'compose';
  start(spec: EnvironmentSpec, options: StartOptions): Promise<SupervisedEnvironment>;
}

/** Includes pulling images. */
const CREATE_WITHIN_MS = 10 * 60_000;
/** Of an environment that says none: an engine that other machines use too may then be swept by them. */
const DEFAULT_LEASE_MS = 24 * 3_600_000;
const PORT_TRIES = 3;
const STARTS = { name: 'compose-start', slots: availableParallelism(), withinMs: 15 * 60_000 };

export function createComposeRuntime({ clock = systemClock }: ComposeRuntimeOptions = {}): ComposeRuntime {
  return {
    name: 'compose',
    async start(spec, start) {
      refuseUnknownOverrides(spec, start);
      const engine = await connectEngine(start.signal);
      await sweepEngine(engine);
      // Many at once would each take so long that none is ready in its time.
      const endTurn = await takeTurn(STARTS, clock, start.signal);
      try {
        return await startOnFreePorts(engine, spec, start, clock);
      } finally {
        endTurn();
      }
    },
  };
}

/** When somebody takes a port in the moment between choosing it here and publishing it there: again, on others. */
async function startOnFreePorts(
  engine: Engine,
  spec: EnvironmentSpec,
  start: StartOptions,
  clock: Clock,
): Promise<SupervisedEnvironment> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(engine, spec, start, clock);
    } catch (error) {
      if (!(error instanceof TestcardError && error.code === 'PORT_TAKEN') || tries >= PORT_TRIES) throw error;
      start.signal.throwIfAborted();
    }
  }
}

async function startOnce(
  engine: Engine,
  spec: EnvironmentSpec,
  start: StartOptions,
  clock: Clock,
): Promise<SupervisedEnvironment> {
  const project = `testcard-${spec.name.toLowerCase().replace(/[^a-z0-9_-]/g, '-')}-${randomBytes(4).toString('hex')}`;
  const projectFolder = dirname(spec.file);
  const planned = proxiedPlans(linksOfUses(start.links ?? [], spec, start.overrides));
  const model = await readModel(engine, [spec.file, ...(start.overrideFiles ?? [])], projectFolder, start.signal);
  const proxyPorts = planned.length > 0 ? portsOfProxy(planned) : [];
  const claims = await claimPorts(spec.services.reduce((sum, { ports }) => sum + ports.length, proxyPorts.length));
  const left = [...claims.ports];
  const take = (ports: readonly number[]): Record<number, number> =>
    Object.fromEntries(ports.map((port) => [port, left.shift() ?? 0]));
  const plan: ProjectPlan = {
    project,
    labels: labelsOf(project, start.leaseMs ?? DEFAULT_LEASE_MS, start.labels),
    published: Object.fromEntries(spec.services.map(({ name, ports }) => [name, take(ports)])),
    bindHost: engine.isLocal ? '127.0.0.1' : '0.0.0.0',
    proxy: planned.length > 0 ? { links: planned, published: take(proxyPorts) } : undefined,
  };
  const table = Object.fromEntries(
    Object.entries(plan.published).map(([name, ports]) => [
      name,
      engine.isLocal
        ? ports
        : Object.fromEntries(Object.entries(ports).map(([inside, port]) => [inside, { host: engine.host, port }])),
    ]),
  );
  const forget = noteEngine(engine.endpoint, project);
  let watch: EngineWatch | undefined;
  let hasEvidence = false;
  const release = async () => {
    if (!hasEvidence) await keepEvidence(engine, project, start.logFolder).catch(() => undefined); // it is gone, or the engine is
    hasEvidence = true;
    watch?.close();
    const problems = await removeProject(engine, project);
    claims.release();
    if (problems.length > 0)
      throw new TestcardError('CLEANUP_FAILED', `of ${project} still there: ${problems.join('; ')}`);
    forget();
  };
  try {
    await claims.letGo();
    const watching = await watchEngine(engine, project, clock);
    watch = watching;
    await createProject(engine, project, projectModel(model, spec, start, plan), projectFolder, {
      signal: start.signal,
      timeoutMs: CREATE_WITHIN_MS,
    });
    const containers = await containersOf(engine, project);
    const links = await startLinks(engine, plan, containers, { table, clock, signal: start.signal });
    const services = await Promise.all(
      spec.services.map(async (service) => {
        const id = idOf(containers, service.name);
        const container = engine.docker.getContainer(id);
        const { Config } = await container.inspect();
        const health = (Config as { Healthcheck?: { Test?: string[] } }).Healthcheck?.Test ?? [];
        return new SupervisedService({
          spec: service,
          launch: containerLife({
            ...{ docker: engine.docker, id, engineLost: watching.lost, onEngineLost: watching.suspect },
          }),
          probe: containerReadiness(service, table, container, health.length > 0 && health[0] !== 'NONE'),
          logFile: openLogFile(start.logFolder, service.name, start.mask ? { mask: start.mask } : {}),
          mask: start.mask,
          clock,
          onLog: (line) => start.onLog(line),
          onState: (status) => start.onEvent(serviceEvent(status, clock.nowMs())),
        });
      }),
    );
    const environment = new SupervisedEnvironment({
      ...{ spec, table, clock, start, links, services, release },
      refuseTakenPorts: refuseTaken,
      ownLoss: watching.lost,
      containers: createContainerControl({
        engine,
        project,
        labels: plan.labels,
        services: () => spec.services.map(({ name }) => name),
        idOf: (service) => idOf(containers, service),
      }),
    });
    await environment.bringUp();
    return environment;
  } catch (error) {
    await release().catch(() => undefined); // the first error is the one to tell; what is left has its note and is swept
    throw error;
  }
}

async function startLinks(
  engine: Engine,
  { project, labels, proxy }: ProjectPlan,
  containers: ReadonlyMap<string, string>,
  more: { table: Parameters<typeof openToxiproxyLinks>[0]['table']; clock: Clock; signal: AbortSignal },
): Promise<Link[]> {
  if (!proxy) return [];
  const container = engine.docker.getContainer(idOf(containers, LINK_PROXY));
  await container.start().catch((error: unknown) => {
    const reason = reasonOf(error);
    throw new TestcardError(
      isPortTaken(reason) ? 'PORT_TAKEN' : 'STEP_INCONCLUSIVE',
      `the link proxy cannot start: ${reason}`,
    );
  });
  const tools = new SideContainers(engine, project, labels);
  return openToxiproxyLinks({ engine, container, plan: proxy, tools, ...more });
}

/** Service → id of its container. */
async function containersOf({ docker }: Engine, project: string): Promise<Map<string, string>> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const found = await docker.listContainers({ all: true, filters });
  return new Map(found.map(({ Id, Labels }) => [Labels['com.docker.compose.service'] ?? '', Id]));
}

function idOf(containers: ReadonlyMap<string, string>, service: string): string {
  const id = containers.get(service);
  if (id === undefined)
    throw new TestcardError('SERVICE_NOT_READY', `Compose made no container for service ${service}`);
  return id;
}

const isPortTaken = (reason: string) => /port is already allocated|address already in use/.test(reason);

async function refuseTaken(service: SupervisedService): Promise<void> {
  const problem = service.lastExit?.problem;
  if (problem === undefined || !isPortTaken(problem)) return;
  throw new TestcardError('PORT_TAKEN', `service ${service.spec.name}: ${problem}`, {
    hint: 'run it again; ports below 32768 are given out, so end what opens listeners there at random',
    position: service.spec.position,
    detail: notReadyError(service, 'crashed').detail,
  });
}

/** How every container was at the end, beside the logs. */
async function keepEvidence({ docker, title }: Engine, project: string, folder: string): Promise<void> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const found = await docker.listContainers({ all: true, filters });
  const containers = await Promise.all(
    found.map(async ({ Id }) => {
      const { Name, Image, State, RestartCount, Config, HostConfig, NetworkSettings } = await docker
        .getContainer(Id)
        .inspect();
      const networks = Object.fromEntries(
        Object.entries(NetworkSettings.Networks).map(([name, { IPAddress, Aliases }]) => [
          name,
          { IPAddress, Aliases },
        ]),
      );
      // No environment: it may hold secrets.
      const limits = { memoryBytes: HostConfig.Memory, nanoCpus: HostConfig.NanoCpus };
      return {
        name: Name,
        image: Config.Image,
        imageId: Image,
        state: State,
        restarts: RestartCount,
        limits,
        networks,
      };
    }),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'containers.json'),
    `${JSON.stringify({ engine: title, project, containers }, null, 2)}\n`,
  );
}
