// One worker session, from `stream:init` to its end: takes fragments, pretends to dub them, and answers in order.

import { randomUUID } from 'node:crypto';
import { refusalOf, type SessionState } from './admission.ts';
import { type Answer, type AnswerError, answerTo, errorEventPayload, processedPayload } from './answer.ts';
import { BackPressure, type Pressure } from './back-pressure.ts';
import { ErrorSimulation } from './error-simulation.ts';
import { InFlight } from './in-flight.ts';
import type { Logger } from './logging.ts';
import { errorLabel, type Metrics } from './metrics.ts';
import { OrderedDelivery } from './ordered-delivery.ts';
import { drawDelayMs } from './processing-delay.ts';
import type { ErrorRule } from './protocol/control-events.ts';
import { ProtocolError } from './protocol/error-codes.ts';
import type { FragmentData, StreamInit } from './protocol/worker-events.ts';
import { Sequence } from './sequence.ts';
import type { Settings } from './settings.ts';
import { Statistics } from './statistics.ts';
import { Timers } from './timers.ts';

export interface SessionPorts {
  send: (event: string, payload: object) => void;
  /** The worker's stream is complete; the socket is to be closed a while later. */
  onComplete: () => void;
  metrics: Metrics;
  logger: Logger;
  /** In [0, 1). */
  random: () => number;
}

export class Session {
  readonly id = randomUUID();
  readonly init: StreamInit;
  readonly #ports: SessionPorts;
  readonly #settings: Settings;
  readonly #timers = new Timers();
  readonly #abort = new AbortController();
  readonly #sequence = new Sequence();
  readonly #statistics = new Statistics();
  readonly #errorSimulation: ErrorSimulation;
  readonly #backPressure: BackPressure;
  readonly #inFlight: InFlight;
  readonly #delivery = new OrderedDelivery(() => this.#completeWhenAnswered());
  #state: SessionState = 'active';
  #queuedBytes = 0;

  constructor(init: StreamInit, settings: Settings, ports: SessionPorts) {
    this.init = init;
    this.#ports = ports;
    this.#settings = { ...settings };
    this.#errorSimulation = new ErrorSimulation(settings.errorRules);
    this.#backPressure = new BackPressure(settings.backPressure, this.#timers, (pressure) =>
      this.#sendPressure(pressure),
    );
    this.#inFlight = new InFlight(this.#timers, init.timeout_ms, (fragmentId) => this.#giveUp(fragmentId));
  }

  get streamId(): string {
    return this.init.stream_id;
  }

  get settings(): Readonly<Settings> {
    return { ...this.#settings, backPressure: this.#backPressure.setting };
  }

  /** Of a fragment in flight: its acknowledgements do not carry the number, logs do. */
  sequenceNumberOf(fragmentId: string): number | undefined {
    return this.#inFlight.sequenceNumberOf(fragmentId);
  }

  start(): void {
    this.#ports.metrics.sessions.inc();
    this.#ports.metrics.sessionsStarted.inc();
    this.#ports.send('stream:ready', {
      stream_id: this.streamId,
      session_id: this.id,
      max_inflight: this.init.max_inflight,
      capabilities: { batch_processing: false, async_delivery: true },
    });
    this.#backPressure.configure(this.#settings.backPressure);
  }

  /** Takes over what a driver has set; what it does not name stays as it is. */
  apply(change: Partial<Settings>): void {
    Object.assign(this.#settings, change);
    if (change.errorRules) this.#errorSimulation.set(change.errorRules);
    if (change.backPressure) this.#backPressure.configure(change.backPressure);
  }

  /** Throws a ProtocolError when the fragment is refused. */
  take(fragment: FragmentData): void {
    const refusal = refusalOf(fragment, {
      streamId: this.streamId,
      state: this.#state,
      sequence: this.#sequence,
      inFlight: this.#inFlight,
      waiting: this.#delivery.depth,
      waitingBytes: this.#queuedBytes,
    });
    if (refusal) {
      this.#sequence.refuse(fragment.sequence_number);
      throw refusal;
    }
    const receivedAt = performance.now();
    this.#sequence.accept(fragment.sequence_number);
    this.#statistics.fragmentTaken(fragment.audio.duration_ms);
    this.#ports.metrics.fragments.inc({ status: 'received' });
    this.#inFlight.add(fragment.fragment_id, fragment.sequence_number);
    this.#ports.metrics.inFlight.inc();
    const rule = this.#errorSimulation.match(fragment);
    const delay = this.#settings.processingDelay;
    const delayMs = drawDelayMs(delay, this.#ports.random);
    this.#ports.send('fragment:ack', {
      fragment_id: fragment.fragment_id,
      status: 'queued',
      queue_position: this.#delivery.depth,
      estimated_completion_ms: Math.round(delayMs),
    });
    const silent = delay.silent || rule?.silent === true;
    const deliver = silent ? undefined : this.#delivery.takePlace();
    if (deliver) {
      this.#process(fragment, rule, receivedAt, delayMs, deliver).catch((error) =>
        this.#ports.logger.error({ err: error, streamId: this.streamId }, 'answering a fragment failed'),
      );
    } else this.#ports.metrics.fragments.inc({ status: 'silent' });
    this.#loadChanged();
    this.#backPressure.fragmentTaken();
  }

  /** A fragment with this number was refused before it came here. */
  passOver(sequenceNumber: number): void {
    this.#sequence.refuse(sequenceNumber);
  }

  /** The worker's own acknowledgement; one that comes late, or twice, changes nothing. */
  acknowledge(fragmentId: string): void {
    if (this.#inFlight.release(fragmentId)) {
      this.#ports.metrics.inFlight.dec();
      this.#loadChanged();
      return;
    }
    this.#ports.metrics.lateAcks.inc();
    this.#ports.logger.info(
      { streamId: this.streamId, 'fragment.id': fragmentId },
      'acknowledged a fragment that is not in flight',
    );
  }

  pause(): void {
    this.#requireOpen();
    this.#state = 'paused';
  }

  resume(): void {
    this.#requireOpen();
    this.#state = 'active';
  }

  /** No more fragments; `stream:complete` follows when every answer has left. */
  end(): void {
    this.#requireOpen();
    this.#state = 'ending';
    this.#completeWhenAnswered();
  }

  close(): void {
    this.#timers.clear();
    this.#abort.abort();
    this.#delivery.clear();
    this.#ports.metrics.inFlight.dec(this.#inFlight.size);
    this.#ports.metrics.sessions.dec();
  }

  #requireOpen(): void {
    if (this.#state === 'active' || this.#state === 'paused') return;
    throw new ProtocolError('STREAM_NOT_FOUND', `stream ${this.streamId} is ${this.#state}`);
  }

  async #process(
    fragment: FragmentData,
    rule: ErrorRule | undefined,
    receivedAt: number,
    delayMs: number,
    deliver: (send: () => void) => void,
  ): Promise<void> {
    this.#queuedBytes += fragment.audio.data_base64.length;
    const delayed = new Promise<void>((resolve) => {
      if (delayMs === 0) resolve();
      else this.#timers.after(delayMs, resolve);
    });
    const [answer] = await Promise.all([
      answerTo(fragment, rule, this.#settings.dubbedScale, this.#abort.signal),
      delayed,
    ]);
    if (this.#abort.signal.aborted) return;
    const processingMs = Math.round(performance.now() - receivedAt);
    deliver(() => {
      this.#queuedBytes -= fragment.audio.data_base64.length;
      this.#statistics.answered(answer.status, processingMs);
      this.#ports.metrics.fragments.inc({ status: answer.status });
      this.#ports.metrics.processingMs.observe(processingMs);
      if (answer.error) this.#ports.metrics.errors.inc({ code: errorLabel(answer.error.code) });
      if (rule?.delivery === 'error_event' && answer.error) this.#sendErrorEvent(fragment, answer.error);
      else this.#sendProcessed(fragment, answer, processingMs);
    });
  }

  #sendProcessed(fragment: FragmentData, answer: Answer, processingMs: number): void {
    this.#inFlight.answered(fragment.fragment_id);
    this.#ports.send('fragment:processed', processedPayload(fragment, this.init, answer, processingMs));
  }

  #sendErrorEvent(fragment: FragmentData, error: AnswerError): void {
    this.#ports.send('error', errorEventPayload(fragment, error));
    // Nobody acknowledges an error event: this fragment's flight ends here.
    if (this.#inFlight.release(fragment.fragment_id)) this.#ports.metrics.inFlight.dec();
    this.#loadChanged();
  }

  #giveUp(fragmentId: string): void {
    this.#ports.metrics.inFlight.dec();
    this.#ports.metrics.givenUp.inc();
    this.#ports.logger.info(
      { streamId: this.streamId, 'fragment.id': fragmentId },
      'no acknowledgement within the timeout',
    );
    this.#loadChanged();
  }

  #loadChanged(): void {
    this.#backPressure.loadChanged(this.#inFlight.size / this.init.max_inflight);
  }

  #sendPressure(pressure: Pressure): void {
    this.#ports.metrics.backPressure.inc({ action: pressure.action });
    this.#ports.send('backpressure', {
      stream_id: this.streamId,
      ...pressure,
      current_inflight: this.#inFlight.size,
      queue_depth: this.#delivery.depth,
    });
  }

  #completeWhenAnswered(): void {
    if (this.#state !== 'ending' || this.#delivery.depth > 0) return;
    this.#state = 'complete';
    this.#ports.send('stream:complete', { stream_id: this.streamId, ...this.#statistics.report() });
    this.#ports.onComplete();
  }
}
