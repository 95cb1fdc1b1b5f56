// A service over all its lives: started, watched until ready, started again by its policy, stopped, and always able to say how it is.

import type { Clock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import { JsonLine } from '../../model/json-line.ts';
import type { LogLine, ServiceState, ServiceStatus } from '../../model/ports.ts';
import type { LogFile } from './log-file.ts';
import { notify } from './notify.ts';
import type { ReadinessProbe } from './readiness.ts';
import { type RestartPolicy, restartPolicy } from './restart-policy.ts';
import type { Launch, ServiceExit, ServiceLife } from './service-life.ts';

export interface SupervisedServiceOptions {
  spec: ServiceSpec;
  launch: Launch;
  probe: ReadinessProbe | undefined;
  logFile: LogFile;
  clock: Clock;
  /** For the last lines that errors show. */
  mask: ((text: string) => string) | undefined;
  onLog(line: LogLine): void;
  onState(status: ServiceStatus): void;
}

const KEPT_LINES = 20;
const KEPT_STATES = 10_000;
/** Nobody waits this long: who waits for readiness has a deadline of their own. */
const FOREVER_MS = 24 * 3_600_000;
const KILLED_WITHIN_MS = 5_000;

export class SupervisedService {
  readonly spec: ServiceSpec;
  readonly logFile: LogFile;
  /** Its last lines, for errors. */
  readonly lastLines: string[] = [];
  /** What the last attempt at readiness saw. */
  lastSeen: string | undefined;
  #options: SupervisedServiceOptions;
  #policy: RestartPolicy;
  #state: ServiceState = 'waiting';
  #sinceMs: number;
  #restarts = 0;
  #lastExit: ServiceExit | undefined;
  #life: ServiceLife | undefined;
  #watchers = new Set<() => void>();
  /** One stretch of supervision, from a start to the stop that was asked for; aborting it ends probes and pending restarts. */
  #watch = new AbortController();
  #isWatched = false;
  #restartPending = false;
  #wasEverReady = false;
  #stateBeforePause: ServiceState = 'ready';
  #history: ServiceStatus[] = [];

  constructor(options: SupervisedServiceOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.logFile = options.logFile;
    this.#policy = restartPolicy(options.spec.restart);
    this.#sinceMs = options.clock.nowMs();
  }

  status(): ServiceStatus {
    return {
      service: this.spec.name,
      state: this.#state,
      exitCode: this.#lastExit?.code,
      signal: this.#lastExit?.signal,
      restarts: this.#restarts,
      sinceMs: this.#sinceMs,
      pid: this.#life?.pid,
      isDown: this.isDown,
    };
  }

  /** Every state it was in, oldest first; of very many, the newest. */
  get history(): readonly ServiceStatus[] {
    return this.#history;
  }

  get lastExit(): ServiceExit | undefined {
    return this.#lastExit;
  }

  get wasEverReady(): boolean {
    return this.#wasEverReady;
  }

  /** Up as far as can be told: ready, or running when there is nothing to ask. */
  get isUp(): boolean {
    return this.#state === 'ready' || (this.#state === 'running' && !this.#options.probe);
  }

  /** Ended, and nothing will start it again by itself. */
  get isDown(): boolean {
    return this.#life === undefined && !this.#restartPending && this.#state !== 'waiting';
  }

  /** Announces a start that waits for other services: those that wait for this one know that it is coming. */
  announceStart(): void {
    if (this.#life || this.#state === 'waiting') return;
    this.#watch.abort();
    this.#restartPending = false;
    this.#become('waiting');
  }

  /** Starts it when it is not running; whatever back-off is pending is skipped. Does not wait. */
  start(): void {
    if (this.#life) return;
    this.#watch.abort();
    this.#watch = new AbortController();
    this.#isWatched = true;
    this.#policy = restartPolicy(this.spec.restart);
    this.#restarts = 0;
    this.#spawn();
  }

  /** Asks it to end, SIGKILL when the grace is over or `signal` aborts. Resolves when it is gone; it stays down until `start`. */
  async stop(signal: AbortSignal, graceMs = this.spec.stopGraceMs): Promise<void> {
    this.#isWatched = false;
    this.#watch.abort();
    const running = this.#life;
    if (!running) {
      if (this.#restartPending) this.#become('stopped');
      this.#restartPending = false;
      return;
    }
    running.signal('SIGCONT'); // a stopped group would not see SIGTERM
    running.terminate();
    if (await this.#endsWithin(running, graceMs, signal)) return;
    running.signal('SIGKILL');
    await this.#endsWithin(running, KILLED_WITHIN_MS);
  }

  /** Stops it where it is: connections stay open, nothing answers. */
  pause(): void {
    if (!this.#life || this.#state === 'paused') return;
    this.#stateBeforePause = this.#state;
    this.#life.signal('SIGSTOP');
    this.#become('paused');
  }

  resume(): void {
    if (!this.#life || this.#state !== 'paused') return;
    this.#life.signal('SIGCONT');
    this.#become(this.#stateBeforePause);
  }

  /** Sends a signal to all of it, as somebody outside would: the restart policy applies. */
  kill(name: NodeJS.Signals): void {
    this.#life?.signal(name);
  }

  /** Counts restarts from here, and forgets how it ended before. */
  forgetPast(): void {
    this.#restarts = 0;
    this.#lastExit = undefined;
  }

  /** Resolves at the next change of state. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const settle = (end: () => void) => {
        this.#watchers.delete(onChange);
        signal.removeEventListener('abort', onAbort);
        end();
      };
      const onChange = () => settle(resolve);
      const onAbort = () => settle(() => reject(signal.reason));
      this.#watchers.add(onChange);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #spawn(): void {
    const { launch, clock, probe } = this.#options;
    const startedAt = clock.monotonicMs();
    this.#restartPending = false;
    this.lastSeen = undefined;
    const life = launch((stream, text) => this.#takeLine(stream, text));
    this.#life = life;
    const over = new AbortController();
    void life.ended.then((exit) => {
      over.abort();
      this.#life = undefined;
      this.#ended(exit, clock.monotonicMs() - startedAt);
    });
    this.#become(probe ? 'starting' : 'running');
    if (probe) void this.#watchReadiness(probe, AbortSignal.any([over.signal, this.#watch.signal]));
    else this.#wasEverReady = true;
  }

  async #watchReadiness(probe: ReadinessProbe, signal: AbortSignal): Promise<void> {
    try {
      const { everyMs, maxEveryMs } = probe;
      const result = await poll(
        async (attemptSignal) => {
          const seen = await probe.attempt(attemptSignal);
          this.lastSeen = seen;
          return seen === undefined ? { done: true, value: true } : { done: false, last: seen };
        },
        { withinMs: FOREVER_MS, clock: this.#options.clock, signal, everyMs, maxEveryMs },
      );
      if (!result.ok || signal.aborted) return;
      this.#wasEverReady = true;
      if (this.#state === 'paused') this.#stateBeforePause = 'ready';
      else this.#become('ready');
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #ended(exit: ServiceExit, livedMs: number): void {
    this.#lastExit = exit;
    if (exit.problem !== undefined) this.#remember(exit.problem);
    if (!this.#isWatched) {
      this.#become('stopped');
      return;
    }
    const delayMs = this.#policy.next(exit, livedMs);
    this.#restartPending = delayMs !== undefined;
    this.#become(exit.problem === undefined ? 'exited' : 'failed');
    if (delayMs === undefined) return;
    const { signal } = this.#watch;
    this.#options.clock.delay(delayMs, signal).then(
      () => {
        this.#restarts += 1;
        this.#spawn();
      },
      () => {}, // stopped, or started by hand, in the meantime
    );
  }

  #endsWithin(life: ServiceLife, withinMs: number, signal?: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const bound = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    return Promise.race([
      life.ended.then(() => true),
      this.#options.clock.delay(withinMs, bound).then(
        () => false,
        () => false,
      ),
    ]).finally(() => over.abort());
  }

  #become(state: ServiceState): void {
    this.#state = state;
    this.#sinceMs = this.#options.clock.nowMs();
    this.#history.push(this.status());
    if (this.#history.length > KEPT_STATES) this.#history.shift();
    notify(() => this.#options.onState(this.status()));
    for (const watcher of [...this.#watchers]) watcher();
  }

  #takeLine(stream: 'stdout' | 'stderr', text: string): void {
    this.#remember(text);
    this.logFile.append(text);
    const line: LogLine = { atMs: this.#options.clock.nowMs(), service: this.spec.name, stream, text };
    notify(() => this.#options.onLog(this.spec.logs === 'json' ? new JsonLine(line) : line));
  }

  #remember(line: string): void {
    this.lastLines.push(this.#options.mask?.(line) ?? line);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
  }
}
