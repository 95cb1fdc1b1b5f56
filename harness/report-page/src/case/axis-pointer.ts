// What pointer and keys do on the timeline: point to read, click to hold an instant, drag to move, Ctrl+wheel or keys to look closer.

import type { TimeAxis } from './time-axis.ts';

const CLICK_PX = 4;
const WHEEL_STEP = 0.0015;

export interface PointerHandlers {
  /** Somewhere on a lane was clicked; true when that was handled. */
  onClick(lane: string, x: number, y: number): boolean;
  onPoint(lane: string | undefined, x: number, y: number, event: PointerEvent | undefined): void;
}

/** Listens on the element that holds all strips; `left` is where they begin in it. */
export function listenToPointer(
  element: HTMLElement,
  left: () => number,
  axis: TimeAxis,
  handlers: PointerHandlers,
): () => void {
  let drag: { x: number; fromMs: number; toMs: number; isMoving: boolean; select: boolean } | undefined;
  const place = (event: PointerEvent | WheelEvent) => {
    const x = event.clientX - element.getBoundingClientRect().left - left();
    const strip = (event.target as Element | null)?.closest<HTMLElement>('[data-lane]');
    const y = strip ? event.clientY - strip.getBoundingClientRect().top : 0;
    return { x, y, lane: strip?.dataset.lane };
  };
  const down = (event: PointerEvent) => {
    const { x } = place(event);
    if (event.button !== 0 || x < 0 || (event.target as Element).closest('button, a, input')) return;
    drag = { x, fromMs: axis.fromMs, toMs: axis.toMs, isMoving: false, select: event.shiftKey };
    element.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const { x, y, lane } = place(event);
    if (drag) {
      if (Math.abs(x - drag.x) > CLICK_PX) drag.isMoving = true;
      if (drag.isMoving && !drag.select) {
        const byMs = ((drag.x - x) / axis.width) * (drag.toMs - drag.fromMs);
        axis.look(drag.fromMs + byMs, drag.toMs + byMs);
      }
    }
    if (x < 0 || x > axis.width) {
      axis.hover(undefined);
      handlers.onPoint(undefined, x, y, undefined);
      return;
    }
    axis.hover(axis.at(x));
    handlers.onPoint(drag?.isMoving ? undefined : lane, x, y, event);
  };
  const up = (event: PointerEvent) => {
    if (!drag) return;
    const { x } = place(event);
    // While the pointer is captured, events name the element that captured it: ask what is really there.
    const strip = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-lane]');
    if (!drag.isMoving) {
      const y = strip ? event.clientY - strip.getBoundingClientRect().top : 0;
      if (!strip || !handlers.onClick(strip.dataset.lane ?? '', x, y)) axis.seek(axis.at(x));
    } else if (drag.select) {
      const [from = 0, to = 0] = [drag.x, x].sort((a, b) => a - b);
      axis.look(axis.at(from), axis.at(to));
    }
    drag = undefined;
  };
  const leave = () => {
    if (drag) return;
    axis.hover(undefined);
    handlers.onPoint(undefined, 0, 0, undefined);
  };
  const wheel = (event: WheelEvent) => {
    const { x } = place(event);
    if (x < 0) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      axis.zoom(Math.exp(event.deltaY * WHEEL_STEP), axis.at(x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      axis.pan(((event.deltaX || event.deltaY) / axis.width) * axis.spanMs);
    }
  };
  element.addEventListener('pointerdown', down);
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener('pointerleave', leave);
  element.addEventListener('wheel', wheel, { passive: false });
  return () => {
    element.removeEventListener('pointerdown', down);
    element.removeEventListener('pointermove', move);
    element.removeEventListener('pointerup', up);
    element.removeEventListener('pointercancel', up);
    element.removeEventListener('pointerleave', leave);
    element.removeEventListener('wheel', wheel);
  };
}

/** Keys on the ruler. True when the key was one of them. */
export function axisKey(event: KeyboardEvent, axis: TimeAxis, marked: readonly number[]): boolean {
  const step = axis.spanMs / (event.shiftKey ? 10 : 100);
  switch (event.key) {
    case 'ArrowLeft':
      axis.seek(axis.playheadMs - step);
      return true;
    case 'ArrowRight':
      axis.seek(axis.playheadMs + step);
      return true;
    case 'PageUp':
      axis.pan(axis.spanMs / 2);
      return true;
    case 'PageDown':
      axis.pan(-axis.spanMs / 2);
      return true;
    case 'Home':
      axis.seek(axis.minMs);
      return true;
    case 'End':
      axis.seek(axis.maxMs);
      return true;
    case '+':
    case '=':
    case 'ArrowUp':
      axis.zoom(0.6);
      return true;
    case '-':
    case 'ArrowDown':
      axis.zoom(1 / 0.6);
      return true;
    case '0':
    case 'f':
      axis.fit();
      return true;
    case 'n': {
      const next = marked.find((atMs) => atMs > axis.playheadMs + 1);
      if (next !== undefined) axis.seek(next);
      return true;
    }
    case 'p': {
      const before = marked.findLast((atMs) => atMs < axis.playheadMs - 1);
      if (before !== undefined) axis.seek(before);
      return true;
    }
    default:
      return false;
  }
}
