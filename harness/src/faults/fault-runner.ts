// Carries a fault through its life: asked, written down, injected, proven, held, reverted, proven again. Whatever cannot be shown makes the
// case inconclusive.

import type { Clock } from '../base/clock.ts';
import { formatDurationMs } from '../base/duration.ts';
import { poll } from '../base/poll.ts';
import { TestcardError } from '../model/errors.ts';
import type { ActiveFault, AnyFaultKind, FaultPorts, FaultsPort, Proof } from '../model/faults.ts';
import type { TimelineEvent } from '../model/timeline.ts';

/** What is on disk of a fault before anything is touched. Plain data. */
export interface FaultEntry {
  id: string;
  key: string;
  title: string;
  record: unknown;
  askedAtMs: number;
  /** Unix ms after which it must not be active any more, whoever asked for it. */
  leaseUntilMs: number;
}

export interface FaultLedger {
  begin(entry: FaultEntry): void;
  /** It is reverted, or never was. */
  end(id: string): void;
}

export interface FaultRunnerOptions {
  kinds: readonly AnyFaultKind[];
  ports: FaultPorts;
  ledger: FaultLedger;
  clock: Clock;
  emitEvent(event: TimelineEvent): void;
  /** Prefix of ids, unique in the run. */
  scope: string;
  caseId?: string | undefined;
  /** Default 10 min. */
  leaseMs?: number;
}

const PROVABLE_WITHIN_MS = 2_000;
const REVERTED_WITHIN_MS = 5_000;
const DEFAULT_LEASE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 10;

export class FaultRunner implements FaultsPort {
  #options: FaultRunnerOptions;
  #active = new Map<string, ActiveFault>();
  #over: { fault: ActiveFault; atMs: number }[] = [];
  #lastReverted: { atMs: number; title: string } | undefined;
  #count = 0;

  constructor(options: FaultRunnerOptions) {
    this.#options = options;
  }

  active(): ActiveFault[] {
    return [...this.#active.values()];
  }

  since(fromMs: number): ActiveFault[] {
    return [...this.active(), ...this.#over.filter(({ atMs }) => atMs >= fromMs).map(({ fault }) => fault)];
  }

  lastReverted(): { atMs: number; title: string } | undefined {
    return this.#lastReverted;
  }

  async inject(key: string, input: unknown, signal: AbortSignal): Promise<ActiveFault> {
    const { kinds, ports, ledger, clock, leaseMs = DEFAULT_LEASE_MS } = this.#options;
    const kind = kinds.find((each) => each.key === key);
    if (!kind) throw new TestcardError('INTERNAL', `there is no fault ${key}`);
    this.#count += 1;
    const id = `${this.#options.scope}-${this.#count}`;
    const title = kind.describe(input);
    const tell = (state: FaultState, proof?: Proof, overAtMs?: number) =>
      this.#tell({ id, kind: key, title }, state, proof, overAtMs);
    const askedAtMs = clock.nowMs();
    tell('asked');
    const record = await kind.prepare(input, ports, signal).catch((error: unknown) => {
      tell('unproven');
      throw error;
    });
    ledger.begin({ id, key, title, record, askedAtMs, leaseUntilMs: askedAtMs + leaseMs });
    const fault = this.#activeFault(kind, record, { id, kind: key, title }, input);
    this.#active.set(id, fault);
    try {
      await kind.inject(record, ports, signal);
      fault.injectedAtMs = clock.nowMs();
      tell('injected');
      const tellProof = (state: FaultState, proof?: Proof) =>
        tell(state, proof, state === 'proven' && !kind.revert ? fault.injectedAtMs : undefined);
      await this.#prove(kind, record, title, tellProof, signal);
    } catch (error) {
      await fault.revert(new AbortController().signal).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    if (!kind.revert) {
      // Over in a moment: there is nothing to hold, and what follows is the pipeline's own recovery.
      ledger.end(id);
      this.#noteOver(fault, fault.injectedAtMs);
    }
    return fault;
  }

  async #prove(
    kind: AnyFaultKind,
    record: unknown,
    title: string,
    tell: (state: FaultState, proof?: Proof) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { ports, clock } = this.#options;
    const withinMs = kind.provableWithinMs?.(record) ?? PROVABLE_WITHIN_MS;
    const proof = await this.#look((each) => kind.prove(record, ports, each), withinMs, clock, signal);
    if (proof.holds) {
      tell('proven', proof);
      return;
    }
    tell('unproven', proof);
    throw new TestcardError(
      'FAULT_UNPROVEN',
      `${title}: not shown to have taken effect within ${formatDurationMs(withinMs)} — ${proof.by}: ${proof.seen}`,
      {
        hint: 'see that the fault is where the pipeline would notice it: right names, right direction, in use at that time',
      },
    );
  }

  #activeFault(
    kind: AnyFaultKind,
    record: unknown,
    as: { id: string; kind: string; title: string },
    input: unknown,
  ): ActiveFault {
    const { ports, ledger, clock } = this.#options;
    const { id, title } = as;
    const revert = async (signal: AbortSignal): Promise<void> => {
      if (!this.#active.has(id)) return;
      let overAtMs = clock.nowMs();
      if (kind.revert) {
        this.#tell(as, 'reverting');
        await kind.revert(record, ports, signal);
        overAtMs = clock.nowMs();
        const withinMs = kind.revertedWithinMs?.(record) ?? REVERTED_WITHIN_MS;
        const { proveReverted } = kind;
        const proof = proveReverted
          ? await this.#look((each) => proveReverted.call(kind, record, ports, each), withinMs, clock, signal)
          : { holds: true, by: 'the revert', seen: 'done' };
        if (!proof.holds) {
          this.#tell(as, 'not-reverted', proof);
          throw new TestcardError(
            'FAULT_NOT_REVERTED',
            `${title}: not shown to be reverted within ${formatDurationMs(withinMs)} — ${proof.by}: ${proof.seen}`,
          );
        }
        this.#tell(as, 'reverted', proof, overAtMs);
      }
      ledger.end(id);
      this.#noteOver(fault, overAtMs);
    };
    const fault: ActiveFault = {
      id,
      key: kind.key,
      input,
      title,
      injectedAtMs: clock.nowMs(),
      revert: (signal) => {
        fault.reverting ??= revert(signal);
        return fault.reverting;
      },
    };
    return fault;
  }

  #noteOver(fault: ActiveFault, atMs: number): void {
    this.#active.delete(fault.id);
    this.#over.push({ fault, atMs });
    this.#lastReverted = { atMs, title: fault.title };
  }

  /** Looks until it holds; the last look otherwise. */
  async #look(
    look: (signal: AbortSignal) => Promise<Proof>,
    withinMs: number,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<Proof> {
    let last: Proof = { holds: false, by: 'looking', seen: 'nothing came of it in time' };
    await poll(
      async (each) => {
        last = await look(each);
        if (last.holds) return { done: true, value: true };
        return { done: false, last: last.seen, ...(last.hopeless === undefined ? {} : { hopeless: last.hopeless }) };
      },
      { withinMs, clock, signal, everyMs: LOOK_EVERY_MS },
    );
    return last;
  }

  #tell(as: { id: string; kind: string; title: string }, state: FaultState, proof?: Proof, overAtMs?: number): void {
    const { emitEvent, clock, caseId } = this.#options;
    const { id, kind, title } = as;
    emitEvent({
      type: 'fault',
      atMs: clock.nowMs(),
      case: caseId,
      fault: id,
      kind,
      title,
      state,
      proof,
      ...(overAtMs === undefined ? {} : { overAtMs }),
    });
  }
}

type FaultState = Extract<TimelineEvent, { type: 'fault' }>['state'];
