// What a publisher's packets pass on their way to readers while (and after) its path has faults, whatever the protocol: the picture
// stands still, then packets get lost; sound is dropped or comes late; then all times are moved.

import type { ActiveFaults, MediaFault } from './media-fault.ts';

export type ItemKind = 'video' | 'audio' | 'other';

/** How one protocol's packets are looked at and changed. */
export interface LineProtocol<T> {
  kindOf(item: T): ItemKind;
  /** Media time in ms, undefined while it is not known. */
  timeMs(item: T): number | undefined;
  /** False for what is no media (a decoder's configuration): it is neither delayed, lost nor moved. */
  isMedia(item: T): boolean;
  /** Whether it belongs to the frame that went out last: a frame has one time, and one picture. `shiftMs`: what is added to times now. */
  continuesFrame(item: T, shiftMs: number): boolean;
  /** Passes it on, its times moved by whole ms. */
  emit(item: T, shiftMs: number): void;
  /** As `emit`, for one that the relay made. */
  insert(item: T, shiftMs: number): void;
  /** The publisher never sent it, as readers see it. */
  remove(item: T): void;
  /** It was lost on the way, as readers see it. */
  lose(item: T): void;
}

/** Gives what goes out in the place of a picture's packet: itself, others, or nothing. */
export interface Freezer<T> {
  /**
   * Stays in force after `frozen` has become false, until a picture comes that needs none before it. `shiftMs`: what is added to
   * the times of everything that goes out.
   */
  replace(item: T, frozen: boolean, shiftMs: number): readonly T[];
  /** False when it passes everything on. */
  readonly holds: boolean;
}

interface Late<T> {
  item: T;
  delayMs: number;
  dueAt: number;
}

/** Packets that wait for the other track's first one to say when a restarted stream begins. */
const MAX_HELD = 256;
const MAX_HELD_MS = 250;
/** Longer than publishers collect sound for one packet. */
const MAX_PACKET_MS = 500;
/** No reordering of pictures reaches so far. */
const RESTART_MS = 1_000;

export class FaultLine<T> {
  readonly #protocol: LineProtocol<T>;
  readonly #freezer: Freezer<T>;
  readonly #guard: (run: () => void) => void;
  #faults: ActiveFaults;
  #late: Late<T>[] = [];
  #lateTimer: NodeJS.Timeout | undefined;
  #delayedBy: MediaFault | undefined;
  /** Media time of the newest packet that went out late, and of the one after it: sound does not go back in time when the delay ends. */
  #lateMs = Number.NEGATIVE_INFINITY;
  #resumeAtMs = Number.NEGATIVE_INFINITY;
  #videoPackets = 0;
  #shiftMs = 0;
  #restart: MediaFault | undefined;
  /** Media since the restart was asked for, until it is known which of it is first. */
  #held: { item: T; extraMs: number; made: boolean; timeMs: number }[] | undefined;

  /** `guard` runs what a timer brings. */
  constructor(faults: ActiveFaults, protocol: LineProtocol<T>, freezer: Freezer<T>, guard: (run: () => void) => void) {
    this.#faults = faults;
    this.#protocol = protocol;
    this.#freezer = freezer;
    this.#guard = guard;
  }

  useFaults(faults: ActiveFaults): void {
    this.#faults = faults;
  }

  /** All times begin again at zero with the next packets. */
  restartTimestamps(fault: MediaFault): void {
    this.#release();
    this.#restart = fault;
    this.#held = [];
  }

  push(item: T): void {
    const kind = this.#protocol.kindOf(item);
    if (kind === 'video') this.#pushVideo(item);
    else if (kind === 'audio' && this.#protocol.isMedia(item)) this.#pushAudio(item);
    else this.#out(item, 0, false);
  }

  /** The publisher is gone: what is held back goes out. */
  flush(): void {
    clearTimeout(this.#lateTimer);
    const late = this.#late;
    this.#late = [];
    for (const { item, delayMs } of late) this.#out(item, delayMs, false);
    this.#release();
  }

  #pushVideo(item: T): void {
    const freeze = this.#faults.get('freeze-video');
    if (freeze === undefined && !this.#freezer.holds) {
      this.#passVideo(item, false);
      return;
    }
    const instead = this.#freezer.replace(item, freeze !== undefined, this.#shiftMs);
    if (!instead.includes(item)) {
      if (freeze !== undefined) freeze.packets += 1;
      this.#protocol.remove(item);
    }
    for (const each of instead) this.#passVideo(each, each !== item);
  }

  #passVideo(item: T, made: boolean): void {
    const loss = this.#faults.get('drop-packets');
    if (loss?.request.kind === 'drop-packets' && this.#protocol.isMedia(item)) {
      this.#videoPackets += 1;
      if (this.#videoPackets % loss.request.every === 0) {
        loss.packets += 1;
        if (!made) this.#protocol.lose(item);
        return;
      }
    }
    this.#out(item, 0, made);
  }

  #pushAudio(item: T): void {
    const silence = this.#faults.get('drop-audio');
    if (silence !== undefined) {
      silence.packets += 1;
      this.#protocol.remove(item);
      return;
    }
    const delay = this.#faults.get('delay-audio');
    // What a delay line still holds when it is taken out is never heard: the sound goes on where it would have been.
    if (delay !== this.#delayedBy) this.#emptyDelayLine();
    this.#delayedBy = delay;
    if (delay?.request.kind !== 'delay-audio') {
      if ((this.#protocol.timeMs(item) ?? Number.POSITIVE_INFINITY) < this.#resumeAtMs) {
        this.#protocol.remove(item);
        return;
      }
      this.#resumeAtMs = Number.NEGATIVE_INFINITY;
      this.#out(item, 0, false);
      return;
    }
    delay.packets += 1;
    const { delayMs } = delay.request;
    this.#late.push({ item, delayMs, dueAt: performance.now() + delayMs });
    if (this.#late.length === 1) this.#armDelayLine();
  }

  #armDelayLine(): void {
    const [first] = this.#late;
    if (first === undefined) return;
    this.#lateTimer = setTimeout(
      () => this.#guard(() => this.#sendDue()),
      Math.max(1, first.dueAt - performance.now()),
    );
  }

  #sendDue(): void {
    const now = performance.now() + 1;
    // The fault may be over with nothing heard since: then nothing is late any more either.
    if (this.#faults.get('delay-audio') !== this.#delayedBy) this.#emptyDelayLine();
    while (this.#late[0] !== undefined && this.#late[0].dueAt <= now) {
      const late = this.#late.shift();
      if (late !== undefined) this.#sendLate(late);
    }
    this.#armDelayLine();
  }

  #sendLate({ item, delayMs }: Late<T>): void {
    const timeMs = (this.#protocol.timeMs(item) ?? Number.NEGATIVE_INFINITY) + delayMs;
    // A packet reaches as far as the one before it did; a millisecond for rounding.
    const lengthMs = Number.isFinite(this.#lateMs) ? Math.min(MAX_PACKET_MS, Math.max(0, timeMs - this.#lateMs)) : 0;
    this.#lateMs = timeMs;
    this.#resumeAtMs = timeMs + lengthMs - 1;
    this.#out(item, delayMs, false);
  }

  #emptyDelayLine(): void {
    this.#lateMs = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#lateTimer);
    for (const { item } of this.#late) this.#protocol.remove(item);
    this.#late = [];
  }

  #out(item: T, extraMs: number, made: boolean): void {
    if (!this.#protocol.isMedia(item)) {
      this.#protocol.emit(item, 0);
      return;
    }
    if (this.#held === undefined) {
      this.#send(item, extraMs, made);
      return;
    }
    const timeMs = this.#protocol.timeMs(item);
    const isFirst = !this.#held.some((held) => this.#protocol.kindOf(held.item) === 'video');
    if (timeMs === undefined || (isFirst && this.#protocol.continuesFrame(item, this.#shiftMs))) {
      this.#send(item, extraMs, made);
      return;
    }
    this.#held.push({ item, extraMs, made, timeMs: timeMs + extraMs });
    const kinds = new Set(this.#held.map((held) => this.#protocol.kindOf(held.item)));
    const times = this.#held.map((held) => held.timeMs);
    const spanMs = Math.max(...times) - Math.min(...times);
    const settled = kinds.has('video') && kinds.has('audio');
    if (settled || spanMs > MAX_HELD_MS || this.#held.length >= MAX_HELD) this.#release();
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || held.length === 0) return;
    this.#shiftMs = -Math.floor(Math.min(...held.map(({ timeMs }) => timeMs)));
    for (const { item, extraMs, made } of held) this.#send(item, extraMs, made);
  }

  #send(item: T, extraMs: number, made: boolean): void {
    if (this.#restart !== undefined) this.#restart.packets += 1;
    const shiftMs = this.#shiftMs + extraMs;
    if (made) this.#protocol.insert(item, shiftMs);
    else this.#protocol.emit(item, shiftMs);
  }
}

/** The newest of these times, unless it is so far ahead that it is from before a restart of the clock. */
export function newestBefore(nowMs: number, timesMs: readonly number[]): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...timesMs.filter((time) => time < nowMs + RESTART_MS));
}
