// The ruler over all lanes, and the slider by which keys move the playhead.

import { useEffect, useRef } from 'preact/hooks';
import { colors, onTheme } from '../shared/theme.ts';
import { clock, duration } from '../shared/words.tsx';
import { axisKey } from './axis-pointer.ts';
import { FONT } from './draw.ts';
import { prepare } from './lane-strip.tsx';
import type { TimeAxis } from './time-axis.ts';

const HEIGHT = 26;
const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5,
];

export function Ruler({ axis, marked, say }: { axis: TimeAxis; marked: readonly number[]; say(atMs: number): string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const slider = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const draw = () => {
      const context = canvas.current && prepare(canvas.current, axis.width, HEIGHT);
      if (context) drawRuler(context, axis);
    };
    const tell = () => {
      slider.current?.setAttribute('aria-valuenow', String(Math.round(axis.playheadMs - axis.zeroMs)));
      slider.current?.setAttribute(
        'aria-valuetext',
        `${clock(axis.playheadMs - axis.zeroMs)}: ${say(axis.playheadMs)}`,
      );
    };
    draw();
    tell();
    const stops = [
      onTheme(draw),
      axis.listen((changed) => {
        if (changed.has('view')) draw();
        if (changed.has('playhead')) tell();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [axis, say]);
  return (
    <div class="lane lane-ruler" data-lane="ruler">
      <div class="lane-label">
        <span class="lane-name">Time</span>
        <span class="lane-value">{duration(axis.maxMs - axis.minMs)}</span>
      </div>
      <div
        class="lane-plot"
        ref={slider}
        role="slider"
        tabIndex={0}
        aria-label="Instant of the case"
        aria-valuemin={Math.round(axis.minMs - axis.zeroMs)}
        aria-valuemax={Math.round(axis.maxMs - axis.zeroMs)}
        aria-valuenow={Math.round(axis.playheadMs - axis.zeroMs)}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (axisKey(event, axis, marked)) event.preventDefault();
        }}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </div>
    </div>
  );
}

function drawRuler(context: CanvasRenderingContext2D, axis: TimeAxis): void {
  const palette = colors();
  const step = STEPS_MS.find((each) => (each / axis.spanMs) * axis.width > 70) ?? 36e5;
  const digits = step >= 1_000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
  context.font = FONT;
  context.textBaseline = 'top';
  context.fillStyle = palette.muted;
  context.strokeStyle = palette.line;
  const first = Math.ceil((axis.fromMs - axis.zeroMs) / step) * step;
  for (let at = first; at <= axis.toMs - axis.zeroMs; at += step) {
    const x = Math.round(axis.x(at + axis.zeroMs)) + 0.5;
    context.beginPath();
    context.moveTo(x, 16);
    context.lineTo(x, HEIGHT);
    context.stroke();
    const text = clock(at, digits);
    context.textAlign = x < 24 ? 'left' : x > axis.width - 24 ? 'right' : 'center';
    context.fillText(text, x, 3);
  }
}
