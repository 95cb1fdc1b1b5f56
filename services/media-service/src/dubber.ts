// Gets each segment's dubbed audio from the STS, or gives back the original: every segment gets exactly one answer.

import { randomUUID } from 'node:crypto';
import { fitAudio } from './audio-fitting.ts';
import { BackPressure } from './back-pressure.ts';
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import type { EncodedAudio } from './fragment-codec.ts';
import { InflightTracker } from './inflight-tracker.ts';
import type { PcmFormat } from './labelled-pcm.ts';
import { fragmentFields, type Log } from './logging.ts';
import type { FallbackReason, Metrics } from './metrics.ts';
import type { Segment } from './segmenter.ts';
import { SendQueue } from './send-queue.ts';
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
  send(event: 'fragment:data' | 'fragment:ack', payload: object): void;
}

export interface DubberOptions {
  streamId: string;
  pcm: PcmFormat;
  /** Where the stream starts on the source clock. */
  originMs: number;
  maxInflight: number;
  timeoutMs: number;
  channel: FragmentChannel;
  breaker: CircuitBreaker;
  encode: (samples: Int16Array) => Promise<EncodedAudio>;
  decode: (audio: Buffer, source: PcmFormat & { format: string }) => Promise<Int16Array>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

interface Fragment {
  id: string;
  segmentIndex: number;
  segment: Segment;
  settle: (result: DubbedSegment) => void;
  sequenceNumber?: number;
  permit?: Permit;
}

export class Dubber {
  readonly #options: DubberOptions;
  readonly #backPressure = new BackPressure();
  readonly #tracker: InflightTracker<Fragment>;
  readonly #queue: SendQueue<Fragment>;
  #nextSequenceNumber = 0;
  #session = 0;
  #unsettled = 0;
  #inflightShown = 0;
  #waiters: (() => void)[] = [];

  constructor(options: DubberOptions) {
    this.#options = options;
    const { breaker, channel, clock, metrics, timeoutMs } = options;
    this.#tracker = new InflightTracker<Fragment>({
      limit: options.maxInflight,
      timeoutMs,
      clock,
      onTimeout: (_id, fragment) => this.#timedOut(fragment),
      onSizeChange: (size) => {
        // The gauge is shared with a session that is just ending.
        metrics.inflight.inc(size - this.#inflightShown);
        this.#inflightShown = size;
      },
    });
    this.#queue = new SendQueue<Fragment>({
      breaker,
      backPressure: this.#backPressure,
      hasRoom: () => channel.ready && this.#tracker.hasRoom,
      clock,
      patienceMs: timeoutMs,
      onSend: (fragment, encoded, permit) => this.#send(fragment, encoded, permit),
      onRefused: (fragment, reason, error) => this.#fallBack(fragment, reason, error),
    });
  }

  /** Never rejects; resolves when the segment's audio is decided. */
  dub(segment: Segment): Promise<DubbedSegment> {
    if (!segment.dubbable) return Promise.resolve({ segment, samples: segment.samples, dubbed: false });
    return new Promise((resolve) => {
      this.#unsettled += 1;
      const fragment = { id: randomUUID(), segmentIndex: segment.index, segment, settle: resolve };
      if (!this.#options.channel.ready) this.#fallBack(fragment, 'disconnected');
      else if (this.#options.breaker.state === 'open') this.#fallBack(fragment, 'circuit_open');
      else this.#queue.add(fragment, this.#options.encode(segment.samples));
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
    for (const fragment of [...this.#tracker.dropAll(), ...this.#queue.dropAll()]) {
      if (fragment.permit) this.#options.breaker.released(fragment.permit);
      this.#fallBack(fragment, 'disconnected');
    }
  }

  backPressure(message: Backpressure): void {
    const { action, severity, recommended_delay_ms } = message;
    this.#options.metrics.backpressureEvents.inc({ action });
    this.#options.log.info({ severity, action, recommended_delay_ms }, 'backpressure');
    this.#backPressure.apply({ action, recommendedDelayMs: recommended_delay_ms ?? undefined });
    this.#queue.pump();
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
    this.#failed(fragment, message.error ?? { code: 'NO_AUDIO', message: 'answer without audio', retryable: false });
  }

  error(message: ErrorEvent): void {
    const { code, message: text, severity, retryable, fragment_id: fragmentId } = message;
    const answer = fragmentId ? this.#tracker.answer(fragmentId) : undefined;
    if (!answer) {
      this.#options.log.warn({ code, error: text, severity, retryable, 'fragment.id': fragmentId }, 'sts error');
      return;
    }
    this.#options.metrics.rtt.observe(answer.elapsedMs);
    this.#failed(answer.item, message);
  }

  /** Resolves when nothing is left to send. */
  async allSent(): Promise<void> {
    while (this.#queue.size > 0) await this.#change();
  }

  /** Resolves when every segment has its audio. */
  async allSettled(): Promise<void> {
    while (this.#unsettled > 0) await this.#change();
  }

  #send(fragment: Fragment, encoded: EncodedAudio, permit: Permit): void {
    const { channel, log, metrics, originMs, pcm, streamId } = this.#options;
    const { segment } = fragment;
    fragment.permit = permit;
    fragment.sequenceNumber = this.#nextSequenceNumber;
    this.#nextSequenceNumber += 1;
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
    const { duration_ms } = message.audio;
    log.info({ ...fragmentFields(fragment), duration_ms, bytes: encoded.data.length }, 'fragment sent');
    this.#signalChange();
  }

  async #apply(fragment: Fragment, audio: FragmentAudio, rttMs: number): Promise<void> {
    const { decode, log, metrics, pcm } = this.#options;
    const { segment } = fragment;
    const session = this.#session;
    const source = { format: audio.format, sampleRateHz: audio.sample_rate_hz, channels: audio.channels };
    let refusal: string;
    try {
      const decoded = await decode(Buffer.from(audio.data_base64, 'base64'), source);
      const fitting = fitAudio(decoded, segment.samples.length / pcm.channels, pcm.channels);
      if (fitting.ok) {
        if (session === this.#session) this.#acknowledge(fragment.id, 'applied');
        metrics.fragments.inc({ status: 'processed' });
        log.info(
          { ...fragmentFields(fragment), rtt_ms: Math.round(rttMs), fitted: fitting.change },
          'fragment processed',
        );
        this.#settle(fragment, fitting.samples, true);
        return;
      }
      refusal = `its length is off by ${fitting.deviationPercent.toFixed(1)} %`;
    } catch (cause) {
      refusal = oneLine(cause);
    }
    if (session === this.#session) this.#acknowledge(fragment.id, 'received');
    this.#fallBack(fragment, 'error', `dubbed audio refused: ${refusal}`);
  }

  #timedOut(fragment: Fragment): void {
    if (fragment.permit) this.#options.breaker.failed(fragment.permit, 'timeout');
    this.#fallBack(fragment, 'timeout');
  }

  #failed(fragment: Fragment, error: { code: string; message: string; retryable: boolean }): void {
    const { breaker, log } = this.#options;
    const { code, message, retryable } = error;
    log.warn({ ...fragmentFields(fragment), code, retryable, error: message }, 'fragment failed');
    if (fragment.permit) {
      if (retryable) breaker.failed(fragment.permit, code.toLowerCase());
      else breaker.released(fragment.permit);
    }
    this.#fallBack(fragment, 'error');
  }

  #acknowledge(fragmentId: string, status: 'received' | 'applied'): void {
    this.#options.channel.send('fragment:ack', { fragment_id: fragmentId, status, timestamp: Date.now() });
  }

  #fallBack(fragment: Fragment, reason: FallbackReason, error?: unknown): void {
    const { log, metrics } = this.#options;
    metrics.fragments.inc({ status: 'fallback' });
    metrics.fallbacks.inc({ reason });
    const detail = error === undefined ? {} : { error: oneLine(error) };
    log.warn({ ...fragmentFields(fragment), reason, ...detail }, 'fragment falls back to its original audio');
    this.#settle(fragment, fragment.segment.samples, false);
  }

  /** The one place where a fragment ends. Our acknowledgement is out by now, so its place in flight is free. */
  #settle(fragment: Fragment, samples: Int16Array, dubbed: boolean): void {
    this.#tracker.release(fragment.id);
    this.#unsettled -= 1;
    fragment.settle({ segment: fragment.segment, samples, dubbed });
    this.#signalChange();
    this.#queue.pump();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #signalChange(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n', 1)[0] ?? '';
}
