// A started environment, whatever its services run in: brought up in the order of depends_on, mended between cases, taken down in reverse.

import type { Clock } from '../../base/clock.ts';
import { type PortTable, resolveAddress } from '../../environment/address-map.ts';
import type { ContainerControl } from '../../model/containers.ts';
import type { EnvironmentSpec, RunningEnvironment, StartOptions } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Link } from '../../model/faults.ts';
import type { ServiceStatus, Window } from '../../model/ports.ts';
import { awaitService, type Condition, notReadyError } from './await-service.ts';
import { notify } from './notify.ts';
import type { SupervisedService } from './supervised-service.ts';

export interface SupervisedEnvironmentOptions {
  spec: EnvironmentSpec;
  /** Where this process reaches each service, its proxied links apart. */
  table: PortTable;
  clock: Clock;
  start: StartOptions;
  /** One for each service of `spec`. */
  services: SupervisedService[];
  /** The links that pass a proxy. */
  links: Link[];
  /** Refuses with PORT_TAKEN when somebody else has the ports of a service that does not run. */
  refuseTakenPorts?(service: SupervisedService): Promise<void>;
  /** Process groups of Testcard's own beside the services. */
  ownPids?(): number[];
  /** Resolves with what of Testcard's own is gone that the services depend on, when it is. */
  ownLoss?: Promise<string>;
  /** Called once, after all services have ended. */
  release(): Promise<void>;
  containers?: ContainerControl;
}

const READY_WITHIN_MS = 30_000;
/** What Testcard itself connects, as links name it. */
const OWN_CLIENT = 'testcard';

export class SupervisedEnvironment implements RunningEnvironment {
  readonly spec: EnvironmentSpec;
  readyAfterMs = 0;
  #options: SupervisedEnvironmentOptions;
  #services = new Map<string, SupervisedService>();
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisedEnvironmentOptions) {
    this.#options = options;
    this.spec = options.spec;
    for (const service of options.services) this.#services.set(service.spec.name, service);
  }

  names(): string[] {
    return this.spec.services.map(({ name }) => name);
  }

  status(service: string): ServiceStatus {
    return this.service(service).status();
  }

  /** The service itself, to kill, stop and start it. */
  service(name: string): SupervisedService {
    const found = this.#services.get(name);
    if (!found) throw new TestcardError('SUITE_INVALID', `there is no service ${name} in ${this.spec.name}`);
    return found;
  }

  history(service: string, { fromMs, toMs = Number.POSITIVE_INFINITY }: Window): ServiceStatus[] {
    const states = this.service(service).history.filter(({ sinceMs }) => sinceMs <= toMs);
    const before = states.findLastIndex(({ sinceMs }) => sinceMs <= fromMs);
    return states.slice(Math.max(0, before));
  }

  resolve(url: string, as = OWN_CLIENT): string {
    const { table, links } = this.#options;
    const seenByAll = tableSeenBy(OWN_CLIENT, table, links);
    return resolveAddress(url, as === OWN_CLIENT ? seenByAll : tableSeenBy(as, seenByAll, links));
  }

  /** Links between the two that pass a proxy, in either order. */
  between(a: string, b: string, port?: number): Link[] {
    return this.#options.links.filter(
      (link) =>
        (port === undefined || link.port === port) &&
        ((link.client === a && link.server === b) || (link.client === b && link.server === a)),
    );
  }

  kill(service: string, signal: NodeJS.Signals): void {
    this.service(service).kill(signal);
  }

  stopService(service: string, signal: AbortSignal): Promise<void> {
    return this.service(service).stop(signal);
  }

  /** Resolves when it is ready again. */
  async startService(name: string, signal: AbortSignal): Promise<void> {
    const service = this.service(name);
    service.resume();
    service.start();
    await this.#await(service, 'service_healthy', signal);
  }

  pause(service: string): void {
    this.service(service).pause();
  }

  resume(service: string): void {
    this.service(service).resume();
  }

  /** Rejects when something of Testcard's own that the services depend on is gone: nothing can be said of the pipeline then. */
  async ownLoss(): Promise<never> {
    const loss = await (this.#options.ownLoss ?? new Promise<never>(() => {}));
    throw new TestcardError('SERVICE_LOST', loss);
  }

  /** Process groups of everything that runs here. */
  pids(): number[] {
    const services = [...this.#services.values()].flatMap((service) => service.status().pid ?? []);
    return [...services, ...(this.#options.ownPids?.() ?? [])];
  }

  /** Set where services are containers. */
  get containers(): ContainerControl | undefined {
    return this.#options.containers;
  }

  /** Where each service's container ports are reached. */
  get ports(): PortTable {
    return this.#options.table;
  }

  /** Starts everything; on failure nothing of it is left. */
  async bringUp(): Promise<void> {
    const { start, clock } = this.#options;
    const startedAt = clock.monotonicMs();
    this.#tell('starting');
    try {
      await this.#startAll(start.signal);
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    this.readyAfterMs = clock.monotonicMs() - startedAt;
    this.#tell('ready', this.readyAfterMs, { ports: this.ports });
  }

  /** Also counts restarts and exits from here: what the case before did to a service is not this one's. */
  async restore(signal: AbortSignal, afresh = false): Promise<void> {
    if (this.#stopping) throw new TestcardError('INTERNAL', 'the environment is stopped: nothing to restore');
    for (const service of this.#services.values()) service.resume();
    if (afresh) await this.#stopServices(signal);
    await this.#startAll(signal);
    for (const service of this.#services.values()) if (!this.#isJob(service.spec.name)) service.forgetPast();
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stopAll(signal);
    return this.#stopping;
  }

  /** Starts what is not up, each as soon as its dependencies allow, and waits until all are. */
  async #startAll(signal: AbortSignal): Promise<void> {
    const { clock, start } = this.#options;
    const withinMs = start.readyWithinMs ?? READY_WITHIN_MS;
    const bound = new AbortController();
    const all = AbortSignal.any([signal, bound.signal]);
    const expired = clock.delay(withinMs, all).then(
      () => bound.abort(this.#slowest(withinMs)),
      () => {},
    );
    const services = [...this.#services.values()].filter((service) => !service.isUp && !this.#isFinishedJob(service));
    for (const service of services) service.announceStart();
    try {
      await Promise.all(
        services.map((service) =>
          this.#startOne(service, all).catch((error) => {
            bound.abort(error); // the others need not go on; the first error is the one that is told
            throw bound.signal.reason;
          }),
        ),
      );
      // One that was ready early may have gone again while others started.
      for (const service of this.#services.values()) {
        if (!this.#isFinishedJob(service)) await awaitService(service, 'service_healthy', all);
      }
    } finally {
      bound.abort();
      await expired;
    }
  }

  async #startOne(service: SupervisedService, signal: AbortSignal): Promise<void> {
    for (const { service: name, condition } of service.spec.dependsOn) {
      const dependency = this.#services.get(name);
      // One whose profile is off is not part of this environment.
      if (dependency) await this.#await(dependency, condition, signal);
    }
    // Another program on its port would answer in its place, and seem ready.
    await this.#options.refuseTakenPorts?.(service);
    signal.throwIfAborted();
    service.start();
    if (this.#isJob(service.spec.name)) {
      await awaitService(service, 'service_completed_successfully', signal);
      return;
    }
    await this.#await(service, 'service_healthy', signal);
  }

  /** A job is what others wait to see completed: it is meant to end. */
  #isJob(name: string): boolean {
    return this.spec.services.some(({ dependsOn }) =>
      dependsOn.some(({ service, condition }) => service === name && condition === 'service_completed_successfully'),
    );
  }

  #isFinishedJob(service: SupervisedService): boolean {
    return this.#isJob(service.spec.name) && service.status().state === 'exited' && service.lastExit?.code === 0;
  }

  #await(service: SupervisedService, condition: Condition, signal: AbortSignal): Promise<void> {
    return awaitService(service, condition, signal, this.#options.refuseTakenPorts);
  }

  /** The one to name when time is up: the first, in the order of dependencies, that is started and not up. */
  #slowest(withinMs: number): TestcardError {
    const services = [...this.#services.values()].filter((service) => !service.isUp && !this.#isFinishedJob(service));
    const started = services.find((service) => service.status().state !== 'waiting');
    const slow = started ?? services[0];
    if (!slow) return new TestcardError('INTERNAL', 'time is up and every service is ready');
    return notReadyError(slow, 'still starting', withinMs);
  }

  async #stopAll(signal: AbortSignal): Promise<void> {
    const { clock, release } = this.#options;
    const startedAt = clock.monotonicMs();
    this.#tell('stopping');
    await this.#stopServices(signal);
    for (const { logFile } of this.#services.values()) logFile.close();
    await release();
    this.#tell('down', clock.monotonicMs() - startedAt);
  }

  /** Each once nothing depends on it any more. */
  async #stopServices(signal: AbortSignal): Promise<void> {
    const stopping = new Map<string, Promise<void>>();
    const stopOne = (name: string): Promise<void> => {
      const known = stopping.get(name);
      if (known) return known;
      const dependents = this.spec.services.filter(({ dependsOn }) =>
        dependsOn.some(({ service }) => service === name),
      );
      const stopped = Promise.all(dependents.map((dependent) => stopOne(dependent.name))).then(() =>
        this.#services.get(name)?.stop(signal),
      );
      stopping.set(name, stopped);
      return stopped;
    };
    await Promise.all(this.names().map(stopOne));
  }

  #tell(state: 'starting' | 'ready' | 'stopping' | 'down', elapsedMs?: number, detail?: unknown): void {
    const { start, clock } = this.#options;
    const more = { ...(elapsedMs === undefined ? {} : { elapsedMs }), ...(detail === undefined ? {} : { detail }) };
    notify(() => start.onEvent({ type: 'environment', atMs: clock.nowMs(), state, ...more }));
  }
}

/** Where a client finds the others: behind a proxy where its link has one. */
export function tableSeenBy(client: string, table: PortTable, links: readonly Link[]): PortTable {
  const own = links.filter((link) => link.client === client);
  if (own.length === 0) return table;
  const servers = new Set(own.map(({ server }) => server));
  const proxied = [...servers].map((server) => {
    const ports = own.filter((link) => link.server === server).map((link) => [link.port, link.listen]);
    return [server, { ...table[server], ...Object.fromEntries(ports) }];
  });
  return { ...table, ...Object.fromEntries(proxied) };
}
