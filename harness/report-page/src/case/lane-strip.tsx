// Draws one lane: its name and what it says at the instant that is read, and its strip.

import { useEffect, useRef } from 'preact/hooks';
import { colors, onTheme } from '../shared/theme.ts';
import type { Lane } from './lane.ts';
import type { TimeAxis } from './time-axis.ts';

export function LaneStrip({ lane, axis }: { lane: Lane; axis: TimeAxis }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const value = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const draw = () => {
      const context = canvas.current && prepare(canvas.current, axis.width, lane.height);
      if (context) lane.draw({ context, axis, palette: colors(), width: axis.width, height: lane.height });
    };
    const read = () => {
      const text = lane.read(axis.readMs);
      if (value.current && value.current.textContent !== text) {
        value.current.textContent = text;
        value.current.title = text;
      }
    };
    draw();
    read();
    const stopTheme = onTheme(draw);
    const stopAxis = axis.listen((changed) => {
      if (changed.has('view')) draw();
      read();
    });
    return () => {
      stopTheme();
      stopAxis();
    };
  }, [lane, axis]);
  const summary = `${lane.label}: ${lane.marks.length === 0 ? 'nothing marked' : `${lane.marks.length} marked`}`;
  return (
    <div class="lane" data-lane={lane.id} style={{ height: `${lane.height}px` }}>
      <div class="lane-label">
        <span class="lane-name" title={lane.label}>
          {lane.label}
        </span>
        <span class="lane-value" ref={value} />
      </div>
      <div class="lane-plot">
        <canvas ref={canvas} role="img" aria-label={summary} />
      </div>
    </div>
  );
}

/** Makes the canvas as large as it is shown, in device pixels, and empty. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  const wide = Math.round(width * ratio);
  const high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
