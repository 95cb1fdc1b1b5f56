// The one time axis of a case view: what is seen of it, the instant under the pointer, and the instant that is held (the playhead).
// Everything that is drawn listens to it; listeners are called once a frame however often it changes.

export type AxisPart = 'view' | 'hover' | 'playhead';

const NARROWEST_MS = 20;

export class TimeAxis {
  fromMs: number;
  toMs: number;
  hoverMs: number | undefined;
  playheadMs: number;
  /** Width of the plots, CSS pixels. */
  width = 800;
  readonly #listeners = new Set<(changed: ReadonlySet<AxisPart>) => void>();
  readonly #changed = new Set<AxisPart>();
  #frame: number | undefined;
  readonly minMs: number;
  readonly maxMs: number;
  /** Where the case's own clock begins. */
  readonly zeroMs: number;

  constructor(minMs: number, maxMs: number, zeroMs: number) {
    this.minMs = minMs;
    this.maxMs = Math.max(maxMs, minMs + NARROWEST_MS);
    this.zeroMs = zeroMs;
    this.fromMs = this.minMs;
    this.toMs = this.maxMs;
    this.playheadMs = zeroMs;
  }

  get spanMs(): number {
    return this.toMs - this.fromMs;
  }

  x(atMs: number): number {
    return ((atMs - this.fromMs) / this.spanMs) * this.width;
  }

  at(x: number): number {
    return this.fromMs + (x / this.width) * this.spanMs;
  }

  /** The instant that values are read at. */
  get readMs(): number {
    return this.hoverMs ?? this.playheadMs;
  }

  look(fromMs: number, toMs: number): void {
    const span = Math.min(this.maxMs - this.minMs, Math.max(NARROWEST_MS, toMs - fromMs));
    const middle = (fromMs + toMs) / 2;
    const from = Math.min(this.maxMs - span, Math.max(this.minMs, middle - span / 2));
    if (from === this.fromMs && from + span === this.toMs) return;
    this.fromMs = from;
    this.toMs = from + span;
    this.#change('view');
  }

  /** `factor` below 1 looks closer; the instant `aroundMs` stays where it is. */
  zoom(factor: number, aroundMs = this.clampToView(this.playheadMs)): void {
    const span = Math.min(this.maxMs - this.minMs, Math.max(NARROWEST_MS, this.spanMs * factor));
    const share = (aroundMs - this.fromMs) / this.spanMs;
    this.look(aroundMs - span * share, aroundMs + span * (1 - share));
  }

  pan(byMs: number): void {
    this.look(this.fromMs + byMs, this.toMs + byMs);
  }

  fit(): void {
    this.look(this.minMs, this.maxMs);
  }

  hover(atMs: number | undefined): void {
    if (atMs === this.hoverMs) return;
    this.hoverMs = atMs;
    this.#change('hover');
  }

  /** Holds an instant; moves what is seen when it lies outside. */
  seek(atMs: number): void {
    const inside = Math.min(this.maxMs, Math.max(this.minMs, atMs));
    if (inside < this.fromMs || inside > this.toMs) this.look(inside - this.spanMs / 2, inside + this.spanMs / 2);
    if (inside === this.playheadMs) return;
    this.playheadMs = inside;
    this.#change('playhead');
  }

  clampToView(atMs: number): number {
    return Math.min(this.toMs, Math.max(this.fromMs, atMs));
  }

  resize(width: number): void {
    if (width === this.width || width <= 0) return;
    this.width = width;
    this.#change('view');
  }

  redraw(): void {
    this.#change('view');
  }

  listen(listener: (changed: ReadonlySet<AxisPart>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(part: AxisPart): void {
    this.#changed.add(part);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const changed = new Set(this.#changed);
      this.#changed.clear();
      for (const listener of this.#listeners) listener(changed);
    });
  }
}
