// Test controls: what a driver sets, and which sessions it reaches.
// The sender's own session when it has one; else the sessions of the `stream_id` it names; else every session, present and next.

import type { z } from 'zod';
import type { BackPressureSetting, ForcedPressure, Pressure } from './back-pressure.ts';
import * as schemas from './protocol/control-events.ts';
import { ProtocolError } from './protocol/error-codes.ts';
import { parsePayload } from './protocol/parse-payload.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import { Timers } from './timers.ts';

/** A connection, as far as a control reaches it. */
interface Connection {
  readonly session: Session | undefined;
  disconnect(cause: 'simulated', abrupt: boolean): void;
  disconnectAfter(delayMs: number, abrupt: boolean): void;
  callOffDisconnect(): void;
}

interface Reach {
  scope: 'session' | 'stream' | 'all';
  connections: Connection[];
}

/** How one control turns its payload into new settings, and what its acknowledgement says besides `status`. */
interface Control<T extends { stream_id?: string | undefined }> {
  schema: z.ZodType<T>;
  change: (payload: T, settings: Readonly<Settings>) => Partial<Settings>;
  acknowledge?: (payload: T | undefined) => object;
}

const DEFAULT_SEVERITY = { pause: 'high', slow_down: 'medium', none: 'low' } as const;
const DEFAULT_DELAY_MS = { pause: 1_000, slow_down: 500, none: undefined } as const;

function backPressureOf(control: schemas.BackPressureControl, now: BackPressureSetting): BackPressureSetting {
  const thresholds = {
    low: control.threshold_low ?? now.thresholds.low,
    medium: control.threshold_medium ?? now.thresholds.medium,
    high: control.threshold_high ?? now.thresholds.high,
  };
  if (thresholds.low > thresholds.medium || thresholds.medium > thresholds.high) {
    throw new ProtocolError('INVALID_CONFIG', 'the thresholds must be low ≤ medium ≤ high');
  }
  return { enabled: control.enabled ?? now.enabled, thresholds, forced: forcedPressureOf(control) };
}

function forcedPressureOf(control: schemas.BackPressureControl): ForcedPressure | undefined {
  const { action } = control;
  if (action === undefined) return undefined;
  const delayMs = control.recommended_delay_ms ?? DEFAULT_DELAY_MS[action];
  const pressure: Pressure = {
    severity: control.severity ?? DEFAULT_SEVERITY[action],
    action,
    ...(delayMs === undefined ? {} : { recommended_delay_ms: delayMs }),
  };
  return {
    pressure,
    afterFragments: control.after_fragments,
    afterMs: control.after_ms,
    atLoad: control.at_load,
    forMs: control.for_ms,
  };
}

const control = <T extends { stream_id?: string | undefined }>(it: Control<T>): Control<T> => it;

const errorSimulation = control({
  schema: schemas.errorSimulation,
  change: ({ enabled, rules }) => ({ errorRules: enabled ? rules : [] }),
  acknowledge: (payload) => ({ rules_count: payload?.enabled ? payload.rules.length : 0 }),
});

const backPressure = control({
  schema: schemas.backPressureControl,
  change: (payload, settings) => ({ backPressure: backPressureOf(payload, settings.backPressure) }),
});

const processingDelay = control({
  schema: schemas.processingDelay,
  change: ({ delay, jitter, silent }) => ({ processingDelay: { delayMs: delay ?? 0, jitterMs: jitter, silent } }),
  acknowledge: (payload) => (payload ? { delay_ms: payload.delay ?? 0, jitter_ms: payload.jitter } : {}),
});

const dubbedDuration = control({
  schema: schemas.dubbedDuration,
  change: ({ scale }) => ({ dubbedScale: scale }),
  acknowledge: (payload) => (payload ? { scale: payload.scale } : {}),
});

type Handler = (sender: Connection, payload: unknown) => object | undefined;

export class Controls {
  /** Event name to what handles it; a handler returns the acknowledgement, sent as `<event>:ack`, or undefined for none. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly #connections: ReadonlySet<Connection>;
  readonly #initial: Settings;
  readonly #timers = new Timers();
  #defaults: Settings;

  constructor(initial: Settings, connections: ReadonlySet<Connection>) {
    this.#initial = initial;
    this.#defaults = initial;
    this.#connections = connections;
    const reset = control({ schema: schemas.reset, change: () => this.#initial });
    this.handlers = new Map<string, Handler>([
      ['config:error_simulation', (sender, payload) => this.#set(errorSimulation, sender, payload)],
      ['config:backpressure', (sender, payload) => this.#set(backPressure, sender, payload)],
      ['config:processing_delay', (sender, payload) => this.#set(processingDelay, sender, payload)],
      ['config:dubbed_duration', (sender, payload) => this.#set(dubbedDuration, sender, payload)],
      ['config:reset', (sender, payload) => this.#set(reset, sender, payload, (reach) => this.#callOff(reach))],
      ['simulate:disconnect', (sender, payload) => this.#disconnect(sender, payload)],
    ]);
  }

  /** What the next session begins with. */
  get defaults(): Readonly<Settings> {
    return this.#defaults;
  }

  close(): void {
    this.#timers.clear();
  }

  #set<T extends { stream_id?: string | undefined }>(
    it: Control<T>,
    sender: Connection,
    payload: unknown,
    also: (reach: Reach) => void = () => {},
  ): object {
    try {
      const parsed = parsePayload(it.schema, payload);
      const reach = this.#reach(sender, parsed.stream_id);
      // Every change is made out before the first is applied: a refused control has changed nothing.
      const changes = reach.connections.flatMap(({ session }): [Session, Partial<Settings>][] =>
        session ? [[session, it.change(parsed, session.settings)]] : [],
      );
      const change = it.change(parsed, this.#defaults);
      if (reach.scope === 'all') this.#defaults = { ...this.#defaults, ...change };
      for (const [session, itsChange] of changes) session.apply(itsChange);
      also(reach);
      const appliedTo = { scope: reach.scope, sessions: changes.length };
      return { status: 'accepted', ...it.acknowledge?.(parsed), applied_to: appliedTo };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { status: 'rejected', ...it.acknowledge?.(undefined), message: error.message };
    }
  }

  /** Throws a ProtocolError STREAM_NOT_FOUND when the named stream has no session. */
  #reach(sender: Connection, streamId: string | undefined): Reach {
    if (sender.session) return { scope: 'session', connections: [sender] };
    const withSession = [...this.#connections].filter(({ session }) => session !== undefined);
    if (streamId === undefined) return { scope: 'all', connections: withSession };
    const named = withSession.filter(({ session }) => session?.streamId === streamId);
    if (named.length === 0) throw new ProtocolError('STREAM_NOT_FOUND', `no session of stream ${streamId}`);
    return { scope: 'stream', connections: named };
  }

  #disconnect(sender: Connection, payload: unknown): undefined {
    const { delay_ms: delayMs, abrupt, stream_id: streamId } = parsePayload(schemas.simulateDisconnect, payload ?? {});
    const { scope, connections } = this.#reach(sender, streamId);
    if (scope !== 'all') {
      for (const connection of connections) connection.disconnectAfter(delayMs, abrupt);
      return;
    }
    // "Present and next": whoever has a session when the delay has passed.
    this.#timers.after(delayMs, () => {
      for (const connection of this.#connections) if (connection.session) connection.disconnect('simulated', abrupt);
    });
  }

  #callOff({ scope, connections }: Reach): void {
    if (scope === 'all') this.#timers.clear();
    for (const connection of connections) connection.callOffDisconnect();
  }
}
