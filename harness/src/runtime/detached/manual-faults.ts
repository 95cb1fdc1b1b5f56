// The faults that somebody makes by hand in a detached environment. The keeper owns them: each has a lease, after which it reverts them.

import type { Clock } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/duration.ts';
import { didYouMean } from '../../environment/did-you-mean.ts';
import { type FaultLedger, FaultRunner } from '../../faults/index.ts';
import { TestcardError } from '../../model/errors.ts';
import type { ActiveFault, AnyFaultKind, FaultPorts } from '../../model/faults.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { errorToSend } from './error-to-send.ts';
import type { ManualFault, ManualFaultRequest, ServiceStarted } from './manual-fault.ts';

export interface ManualFaultsOptions {
  kinds: readonly AnyFaultKind[];
  ports: FaultPorts;
  /** Of the environment. */
  services: readonly string[];
  ledger: FaultLedger;
  clock: Clock;
  onEvent(event: TimelineEvent): void;
}

export const DEFAULT_LEASE_MS = 10 * 60_000;
const MAX_LEASE_MS = 24 * 60 * 60_000;
const MAX_ACTIVE = 100;
/** Faults that are over and still listed. */
const MAX_OVER = 50;
const REVERT_WITHIN_MS = 30_000;
/** Names that links may have beside services. */
const OWN_CLIENT = 'testcard';

interface Held {
  report: ManualFault;
  fault?: ActiveFault;
  lease: AbortController;
}

export class ManualFaults {
  #options: ManualFaultsOptions;
  #held: Held[] = [];
  #count = 0;

  constructor(options: ManualFaultsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  list(): ManualFault[] {
    return this.#held.map(({ report }) => report);
  }

  /** Resolves when it is proven. Throws USAGE for what cannot be meant, FAULT_UNPROVEN when nothing came of it; then it is reverted. */
  async inject({ key, input, forMs }: ManualFaultRequest, signal: AbortSignal): Promise<ManualFault> {
    const { kinds, ports, ledger, clock } = this.#options;
    const kind = kinds.find((each) => each.key === key);
    if (!kind) {
      const keys = kinds.map((each) => each.key);
      throw new TestcardError('USAGE', `there is no fault ${key}`, { hint: didYouMean(key, keys, 'faults') });
    }
    const checked = this.#check(kind, input);
    const leaseMs = leaseOf(kind, forMs);
    if (this.#held.filter(({ fault }) => fault).length >= MAX_ACTIVE) {
      throw new TestcardError('LIMIT_EXCEEDED', `${MAX_ACTIVE} faults are active already`, {
        hint: 'testcard fault revert --all',
      });
    }
    this.#count += 1;
    const id = String(this.#count);
    const title = kind.describe(checked);
    const held: Held = {
      report: { id, key, title, state: 'asked', askedAtMs: clock.nowMs() },
      lease: new AbortController(),
    };
    this.#held.push(held);
    const runner = new FaultRunner({
      kinds,
      ports,
      ledger,
      clock,
      scope: `by-hand-${id}`,
      leaseMs,
      emitEvent: (event) => this.#note(held.report, event),
    });
    try {
      held.fault = await runner.inject(key, checked, signal);
    } catch (error) {
      held.report.state = 'unproven';
      held.report.problem = errorToSend(error);
      this.#forgetOld();
      throw error;
    }
    held.report.injectedAtMs = held.fault.injectedAtMs;
    if (kind.revert) {
      held.report.state = 'active';
      held.report.revertAtMs = held.fault.injectedAtMs + leaseMs;
      this.#revertLater(held, held.report.revertAtMs);
    } else {
      held.report.state = 'over';
      delete held.fault;
    }
    this.#forgetOld();
    return held.report;
  }

  /** Throws USAGE when there is no such fault in force; FAULT_NOT_REVERTED when its end could not be shown: it can be asked for again, and the end of its lease does. */
  async revert(id: string, signal = AbortSignal.timeout(REVERT_WITHIN_MS)): Promise<ManualFault> {
    const held = this.#held.find(({ report }) => report.id === id);
    if (!held?.fault) {
      const active = this.#held.filter(({ fault }) => fault).map(({ report }) => report.id);
      const hint = active.length > 0 ? `active: ${active.join(', ')}` : 'nothing is active';
      throw new TestcardError('USAGE', held ? `fault ${id} is over already` : `there is no fault ${id}`, { hint });
    }
    const { report, fault, lease } = held;
    report.state = 'reverting';
    try {
      await fault.revert(signal);
    } catch (error) {
      fault.reverting = undefined;
      report.state = 'not-reverted';
      report.problem = errorToSend(error);
      throw error;
    }
    lease.abort();
    report.state = 'over';
    delete report.problem;
    delete held.fault;
    this.#forgetOld();
    return report;
  }

  /** Latest first, each whatever becomes of the others. */
  async revertAll(signal?: AbortSignal): Promise<ManualFault[]> {
    const active = this.#held.filter(({ fault }) => fault).toReversed();
    for (const { report } of active) await this.revert(report.id, signal).catch(() => {}); // the report says so
    return active.map(({ report }) => report);
  }

  /** Reverts what keeps a service down or stopped, and starts it when it is down for another reason. Resolves when it is ready. */
  async startService(service: string, signal: AbortSignal): Promise<ServiceStarted> {
    this.#checkNames([service], []);
    const inTheWay = this.#held.filter(
      ({ fault }) => fault?.key.startsWith('service.') && (fault.input as { service?: unknown }).service === service,
    );
    const reverted: ManualFault[] = [];
    for (const { report } of inTheWay) reverted.push(await this.revert(report.id));
    const { services } = this.#options.ports;
    await services.start(service, signal);
    return { service, state: services.status(service).state, reverted };
  }

  #check(kind: AnyFaultKind, input: unknown): unknown {
    const parsed = kind.schema.safeParse(input);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
      throw new TestcardError('USAGE', `${kind.key}: ${where}${issue?.message ?? 'not what it takes'}`);
    }
    const { service, between, towards, with: peer } = parsed.data as Record<string, unknown>;
    const ends = Array.isArray(between) ? between : [];
    if (towards !== undefined && between !== undefined && !ends.includes(towards)) {
      throw new TestcardError('USAGE', `${kind.key}: towards is one of the two ends: ${ends.join(', ')}`);
    }
    this.#checkNames(
      [service, peer].filter((name) => name !== undefined),
      ends,
    );
    return parsed.data;
  }

  #checkNames(services: unknown[], ends: unknown[]): void {
    const known = this.#options.services;
    const refuse = (name: unknown, allowed: readonly string[]) => {
      throw new TestcardError('USAGE', `there is no service ${String(name)}`, {
        hint: didYouMean(String(name), allowed, 'services'),
      });
    };
    for (const name of services) if (!known.includes(String(name))) refuse(name, known);
    const allowed = [...known, OWN_CLIENT];
    for (const name of ends) if (!allowed.includes(String(name))) refuse(name, allowed);
  }

  #revertLater({ report, lease }: Held, atMs: number): void {
    const { clock } = this.#options;
    clock.delay(Math.max(0, atMs - clock.nowMs()), lease.signal).then(
      () => this.revert(report.id).catch(() => {}), // the report says so
      () => {}, // reverted before
    );
  }

  #note(report: ManualFault, event: TimelineEvent): void {
    this.#options.onEvent(event);
    if (event.type !== 'fault') return;
    if (event.state === 'proven' || event.state === 'unproven') report.proof = event.proof;
    if (event.state === 'proven') report.provenAtMs = event.atMs;
    if (event.state === 'reverted' || event.state === 'not-reverted') report.revertProof = event.proof;
    if (event.state === 'reverted') report.revertedAtMs = event.atMs;
  }

  #forgetOld(): void {
    const over = this.#held.filter(({ report }) => report.state === 'over' || report.state === 'unproven');
    const old = new Set(over.slice(0, Math.max(0, over.length - MAX_OVER)));
    this.#held = this.#held.filter((held) => !old.has(held));
  }
}

function leaseOf({ key, revert }: AnyFaultKind, forMs: number | undefined): number {
  if (forMs === undefined) return DEFAULT_LEASE_MS;
  if (!revert) throw new TestcardError('USAGE', `${key} is over in a moment: there is nothing to hold for a time`);
  if (forMs > 0 && forMs <= MAX_LEASE_MS) return forMs;
  throw new TestcardError(
    'USAGE',
    `a fault is held for more than nothing and at most ${formatDurationMs(MAX_LEASE_MS)}`,
  );
}
