// Knows the faults of every path: which are in force, when they end, and the last ones that are over.

import { randomUUID } from 'node:crypto';
import type { Log } from '../core/log.ts';
import type { PathRegistry } from '../core/path-registry.ts';
import type { ActiveFaults, FaultKind, FaultRequest, MediaFault } from './media-fault.ts';

export class FaultRefusedError extends Error {
  override readonly name = 'FaultRefusedError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_ACTIVE = 64;
const KEPT_ENDED = 64;

export class FaultRegistry {
  readonly #paths: PathRegistry;
  readonly #log: Log;
  readonly #byPath = new Map<string, Map<FaultKind, MediaFault>>();
  readonly #timers = new Map<MediaFault, NodeJS.Timeout>();
  /** Oldest first; those in force and the last that are over. */
  #faults: MediaFault[] = [];

  constructor(paths: PathRegistry, log: Log) {
    this.#paths = paths;
    this.#log = log;
  }

  get all(): readonly MediaFault[] {
    return this.#faults;
  }

  find(id: string): MediaFault | undefined {
    return this.#faults.find((fault) => fault.id === id);
  }

  /** Undefined on a path without faults: its publisher then has nothing to look at. */
  activeOn(path: string): ActiveFaults | undefined {
    return this.#byPath.get(path);
  }

  /** Takes effect before this returns. Throws FaultRefusedError. */
  begin(request: FaultRequest): MediaFault {
    const { kind, path } = request;
    const publication = this.#paths.publication(path);
    if (publication?.stream === undefined) throw new FaultRefusedError(404, `nobody publishes on ${path}`);
    if (request.id !== undefined && this.find(request.id)) {
      throw new FaultRefusedError(409, `there is a fault ${request.id} already`);
    }
    const active = this.#byPath.get(path) ?? new Map<FaultKind, MediaFault>();
    if (active.has(kind)) throw new FaultRefusedError(409, `${path} has a fault of kind ${kind} already`);
    if (this.#faults.filter((fault) => fault.endedAt === undefined).length >= MAX_ACTIVE) {
      throw new FaultRefusedError(429, `more than ${MAX_ACTIVE} faults at a time`);
    }
    const target = publication.target;
    if (target === undefined) throw new FaultRefusedError(409, `the publisher of ${path} takes no faults`);
    const refusal = target.refusal(kind);
    if (refusal !== undefined) throw new FaultRefusedError(409, refusal);
    const fault: MediaFault = {
      id: request.id ?? randomUUID(),
      request,
      startedAt: new Date(),
      endedAt: undefined,
      packets: 0,
    };
    this.#faults.push(fault);
    this.#log.info({ fault: fault.id, path, kind }, 'fault begins');
    if (kind === 'disconnect' || kind === 'restart-timestamps') {
      if (kind === 'disconnect') target.disconnect(`fault ${fault.id}`);
      else target.restartTimestamps(fault);
      this.#close(fault);
      return fault;
    }
    active.set(kind, fault);
    this.#byPath.set(path, active);
    target.useFaults(active);
    if (request.durationMs !== undefined) {
      this.#timers.set(
        fault,
        setTimeout(() => this.end(fault), request.durationMs),
      );
    }
    return fault;
  }

  /** Nothing happens to one that is over. */
  end(fault: MediaFault): void {
    if (fault.endedAt !== undefined) return;
    const { kind, path } = fault.request;
    clearTimeout(this.#timers.get(fault));
    this.#timers.delete(fault);
    const active = this.#byPath.get(path);
    active?.delete(kind);
    if (active?.size === 0) this.#byPath.delete(path);
    this.#close(fault);
  }

  /** The relay stops: no timer may keep the process. */
  endAll(): void {
    for (const fault of this.#faults) this.end(fault);
  }

  #close(fault: MediaFault): void {
    fault.endedAt = new Date();
    const { kind, path } = fault.request;
    this.#log.info({ fault: fault.id, path, kind, packets: fault.packets }, 'fault is over');
    const ended = this.#faults.filter(({ endedAt }) => endedAt !== undefined);
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - KEPT_ENDED)));
    if (forgotten.size > 0) this.#faults = this.#faults.filter((kept) => !forgotten.has(kept));
  }
}
