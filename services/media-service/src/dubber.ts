// Gets each segment's dubbed audio from the STS, in order and within its limits, or gives back the original: a segment always gets an answer.

import { randomUUID } from 'node:crypto';
import { fitAudio } from './audio-fitting.ts';
import { BackPressure } from './back-pressure.ts';
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { EncodedAudio } from './fragment-codec.ts';
import { InflightTracker } from './inflight-tracker.ts';
import type { PcmFormat } from './labelled-pcm.ts';
import { fragmentFields, type Log } from './logging.ts';
import type { FallbackReason, Metrics } from './metrics.ts';
import type { Segment } from './segmenter.ts';
import type { Backpressure, ErrorEvent, FragmentAudio, FragmentData, FragmentProcessed } from './sts-messages.ts';

export interface DubbedSegment {
  segment: Segment;
  /** As many as the segment has. */
  samples: Int16Array;
  dubbed: boolean;
}

/** The part of a connection that the dubber needs. */
export interface FragmentChannel {
  readonly ready: boolean;
  send(event: 'fragment:data' | 'fragment:ack' | 'stream:end', payload: object): void;
}

export interface DubberOptions {
  streamId: string;
  pcm: PcmFormat;
  maxInflight: number;
  timeoutMs: number;
  channel: FragmentChannel;
  breaker: CircuitBreaker;
  encode: (samples: Int16Array) => Promise<EncodedAudio>;
  decode: (audio: Buffer, source: PcmFormat & { format: string }) => Promise<Int16Array>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Where the stream starts on the source clock. */
  originMs: number;
}

interface Fragment {
  id: string;
  segmentIndex: number;
  segment: Segment;
  settle: (result: DubbedSegment) => void;
  encoded?: EncodedAudio;
  sequenceNumber?: number;
  permit?: Permit;
  /** `slow_down` has been waited for. */
  delayPaid: boolean;
  cancelDelay?: CancelTimer;
  cancelPatience?: CancelTimer;
}

export class Dubber {
  readonly #options: DubberOptions;
  readonly #backPressure = new BackPressure();
  readonly #tracker: InflightTracker<Fragment>;
  /** Cut, not yet sent; in order. */
  #queue: Fragment[] = [];
  #nextSequenceNumber = 0;
  #session = 0;
  #unsettled = 0;
  #inflightShown = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: DubberOptions) {
    this.#options = options;
    this.#tracker = new InflightTracker<Fragment>({
      limit: options.maxInflight,
      timeoutMs: options.timeoutMs,
      clock: options.clock,
      onTimeout: (_id, fragment) => this.#timedOut(fragment),
      onSizeChange: (size) => {
        // The gauge is shared with a session that is just ending.
        options.metrics.inflight.inc(size - this.#inflightShown);
        this.#inflightShown = size;
        this.#signalIdle();
      },
    });
  }

  /** Never rejects; resolves when the segment's audio is decided. */
  dub(segment: Segment): Promise<DubbedSegment> {
    if (!segment.dubbable) return Promise.resolve({ segment, samples: segment.samples, dubbed: false });
    return new Promise((resolve) => {
      this.#unsettled += 1;
      const fragment: Fragment = {
        id: randomUUID(),
        segmentIndex: segment.index,
        segment,
        settle: resolve,
        delayPaid: false,
      };
      if (!this.#options.channel.ready) this.#fallBack(fragment, 'disconnected');
      else if (this.#options.breaker.state === 'open') this.#fallBack(fragment, 'circuit_open');
      else this.#enqueue(fragment);
    });
  }

  /** A session has begun: numbers start over, and nothing that the last one asked for holds any more. */
  sessionStarted(grantedInflight: number): void {
    this.#session += 1;
    this.#nextSequenceNumber = 0;
    this.#tracker.limitTo(grantedInflight);
    this.#backPressure.reset();
  }

  /** The session is lost: what waits for an answer, or to be sent, falls back now. */
  sessionLost(): void {
    const waiting = [...this.#tracker.dropAll(), ...this.#queue.splice(0)];
    for (const fragment of waiting) {
      if (fragment.permit) this.#options.breaker.released(fragment.permit);
      this.#fallBack(fragment, 'disconnected');
    }
  }

  backPressure(message: Backpressure): void {
    const { action, severity, recommended_delay_ms } = message;
    this.#options.metrics.backpressureEvents.inc({ action });
    this.#options.log.info({ severity, action, recommended_delay_ms }, 'backpressure');
    this.#backPressure.apply({ action, recommendedDelayMs: recommended_delay_ms ?? undefined });
    this.#pump();
  }

  processed(message: FragmentProcessed): void {
    const answer = this.#tracker.answer(message.fragment_id);
    if (!answer) {
      this.#acknowledge(message.fragment_id, 'received');
      this.#options.log.info({ 'fragment.id': message.fragment_id }, 'late answer ignored');
      return;
    }
    const fragment = answer.item;
    this.#options.metrics.rtt.observe(answer.elapsedMs);
    if (message.status !== 'failed' && message.dubbed_audio) {
      if (fragment.permit) this.#options.breaker.succeeded(fragment.permit);
      void this.#apply(fragment, message.dubbed_audio, answer.elapsedMs);
      return;
    }
    this.#acknowledge(fragment.id, 'received');
    this.#tracker.release(fragment.id);
    const missing = { code: 'NO_AUDIO', message: 'answer without audio', retryable: false };
    this.#failed(fragment, message.error ?? missing);
  }

  error(message: ErrorEvent): void {
    const { code, message: text, severity, retryable } = message;
    const answer = message.fragment_id ? this.#tracker.answer(message.fragment_id) : undefined;
    if (!answer) {
      this.#options.log.warn(
        { code, error: text, severity, retryable, 'fragment.id': message.fragment_id },
        'sts error',
      );
      return;
    }
    this.#options.metrics.rtt.observe(answer.elapsedMs);
    this.#tracker.release(answer.item.id);
    this.#failed(answer.item, message);
  }

  /** Resolves when every segment has its answer and every fragment is sent or given up. */
  async sent(): Promise<void> {
    while (this.#queue.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async settled(): Promise<void> {
    while (this.#unsettled > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #enqueue(fragment: Fragment): void {
    const { clock, encode, log, timeoutMs } = this.#options;
    this.#queue.push(fragment);
    // The picture cannot wait for ever: what may not be sent in the time an answer may take is not sent at all.
    fragment.cancelPatience = clock.after(timeoutMs, () => {
      if (!this.#removeQueued(fragment)) return;
      log.warn(fragmentFields(fragment), 'fragment could not be sent in time');
      this.#fallBack(fragment, 'timeout');
    });
    encode(fragment.segment.samples).then(
      (encoded) => {
        fragment.encoded = encoded;
        this.#pump();
      },
      (cause: unknown) => {
        if (!this.#removeQueued(fragment)) return;
        log.warn({ ...fragmentFields(fragment), error: oneLine(cause) }, 'fragment could not be encoded');
        this.#fallBack(fragment, 'error');
        this.#pump();
      },
    );
  }

  #removeQueued(fragment: Fragment): boolean {
    const at = this.#queue.indexOf(fragment);
    if (at >= 0) this.#queue.splice(at, 1);
    return at >= 0;
  }

  /** Sends what may be sent now. Called whenever anything that holds a fragment back has changed. */
  #pump(): void {
    const { breaker, channel } = this.#options;
    for (;;) {
      const fragment = this.#queue[0];
      if (!fragment) return;
      // Whoever the breaker refuses falls back at once, whatever else it waits for.
      if (!breaker.allows) {
        this.#queue.shift();
        this.#fallBack(fragment, 'circuit_open');
        continue;
      }
      if (!channel.ready || !fragment.encoded || this.#backPressure.paused || !this.#tracker.hasRoom) return;
      if (this.#delay(fragment)) return;
      const permit = breaker.tryAcquire();
      if (!permit) continue;
      this.#queue.shift();
      fragment.permit = permit;
      this.#send(fragment, fragment.encoded);
    }
  }

  /** True while the fragment has to wait because the STS asked us to slow down. */
  #delay(fragment: Fragment): boolean {
    const delayMs = this.#backPressure.sendDelayMs;
    if (delayMs === 0 || fragment.delayPaid) return false;
    fragment.cancelDelay ??= this.#options.clock.after(delayMs, () => {
      fragment.delayPaid = true;
      this.#pump();
    });
    return true;
  }

  #send(fragment: Fragment, encoded: EncodedAudio): void {
    const { channel, log, metrics, originMs, pcm, streamId } = this.#options;
    fragment.cancelPatience?.();
    fragment.cancelDelay?.();
    fragment.sequenceNumber = this.#nextSequenceNumber;
    this.#nextSequenceNumber += 1;
    const { segment } = fragment;
    const message: FragmentData = {
      fragment_id: fragment.id,
      stream_id: streamId,
      sequence_number: fragment.sequenceNumber,
      timestamp: Date.now(),
      audio: {
        format: encoded.format,
        sample_rate_hz: pcm.sampleRateHz,
        channels: pcm.channels,
        duration_ms: Math.round(segment.durationMs),
        data_base64: encoded.data.toString('base64'),
      },
      metadata: {
        pts_ns: Math.round(segment.startMs * 1e6),
        source_pts_ns: Math.round((originMs + segment.startMs) * 1e6),
        segment_index: segment.index,
      },
    };
    this.#tracker.add(fragment.id, fragment);
    metrics.fragments.inc({ status: 'sent' });
    channel.send('fragment:data', message);
    log.info(
      { ...fragmentFields(fragment), duration_ms: message.audio.duration_ms, bytes: encoded.data.length },
      'fragment sent',
    );
    this.#signalIdle();
  }

  async #apply(fragment: Fragment, audio: FragmentAudio, rttMs: number): Promise<void> {
    const { decode, log, metrics, pcm } = this.#options;
    const { segment } = fragment;
    const session = this.#session;
    const acknowledge = (status: 'received' | 'applied'): void => {
      if (session === this.#session) this.#acknowledge(fragment.id, status);
    };
    const source = { format: audio.format, sampleRateHz: audio.sample_rate_hz, channels: audio.channels };
    let refusal: string | undefined;
    try {
      const decoded = await decode(Buffer.from(audio.data_base64, 'base64'), source);
      const fitting = fitAudio(decoded, segment.samples.length / pcm.channels, pcm.channels);
      if (fitting.ok) {
        acknowledge('applied');
        metrics.fragments.inc({ status: 'processed' });
        log.info(
          { ...fragmentFields(fragment), rtt_ms: Math.round(rttMs), fitted: fitting.change },
          'fragment processed',
        );
        this.#settle(fragment, { segment, samples: fitting.samples, dubbed: true });
      } else {
        refusal = `its length is off by ${fitting.deviationPercent.toFixed(1)} %`;
      }
    } catch (cause) {
      refusal = oneLine(cause);
    }
    if (refusal !== undefined) {
      log.warn({ ...fragmentFields(fragment), error: refusal }, 'dubbed audio refused');
      acknowledge('received');
      this.#fallBack(fragment, 'error');
    }
    this.#tracker.release(fragment.id);
    this.#pump();
  }

  #timedOut(fragment: Fragment): void {
    if (fragment.permit) this.#options.breaker.failed(fragment.permit, 'timeout');
    this.#fallBack(fragment, 'timeout');
    this.#pump();
  }

  #failed(fragment: Fragment, error: { code: string; message: string; retryable: boolean }): void {
    const { breaker, log } = this.#options;
    log.warn(
      { ...fragmentFields(fragment), code: error.code, retryable: error.retryable, error: error.message },
      'fragment failed',
    );
    if (fragment.permit) {
      if (error.retryable) breaker.failed(fragment.permit, error.code.toLowerCase());
      else breaker.released(fragment.permit);
    }
    this.#fallBack(fragment, 'error');
    this.#pump();
  }

  #acknowledge(fragmentId: string, status: 'received' | 'applied'): void {
    this.#options.channel.send('fragment:ack', { fragment_id: fragmentId, status, timestamp: Date.now() });
  }

  #fallBack(fragment: Fragment, reason: FallbackReason): void {
    const { log, metrics } = this.#options;
    metrics.fragments.inc({ status: 'fallback' });
    metrics.fallbacks.inc({ reason });
    log.warn({ ...fragmentFields(fragment), reason }, 'fragment falls back to its original audio');
    this.#settle(fragment, { segment: fragment.segment, samples: fragment.segment.samples, dubbed: false });
  }

  #settle(fragment: Fragment, result: DubbedSegment): void {
    fragment.cancelPatience?.();
    fragment.cancelDelay?.();
    this.#unsettled -= 1;
    fragment.settle(result);
    this.#signalIdle();
  }

  #signalIdle(): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const wake of waiting) wake();
  }
}

function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n', 1)[0] ?? '';
}
