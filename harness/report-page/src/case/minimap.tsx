// The whole case in a narrow strip, with a window that shows, and moves, what is seen of it.

import { useEffect, useRef } from 'preact/hooks';
import type { CaseMarks } from '../../../src/report/html/page-data.ts';
import { colors, onTheme } from '../shared/theme.ts';
import { drawSign, verdictColor } from './draw.ts';
import { prepare } from './lane-strip.tsx';
import type { TimeAxis } from './time-axis.ts';

const HEIGHT = 18;

export function Minimap({ axis, kase, brokenMs }: { axis: TimeAxis; kase: CaseMarks; brokenMs: readonly number[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const draw = () => {
      const context = canvas.current && prepare(canvas.current, axis.width, HEIGHT);
      if (!context) return;
      const palette = colors();
      const x = (atMs: number) => ((atMs - axis.minMs) / (axis.maxMs - axis.minMs)) * axis.width;
      for (const { fromMs, toMs, verdict, depth } of kase.steps) {
        if (depth > 0) continue;
        context.fillStyle = verdictColor(verdict, palette);
        context.globalAlpha = 0.35;
        context.fillRect(x(fromMs), 6, Math.max(1, x(toMs) - x(fromMs) - 1), 6);
      }
      context.globalAlpha = 0.5;
      context.fillStyle = palette.fault;
      for (const { askedMs, revertedMs } of kase.faults)
        context.fillRect(x(askedMs), 13, Math.max(2, x(revertedMs ?? askedMs) - x(askedMs)), 4);
      context.globalAlpha = 1;
      for (const atMs of brokenMs) drawSign(context, 'cross', x(atMs), 9, 8, palette.fail);
      if (pane.current) {
        pane.current.style.left = `${x(axis.fromMs)}px`;
        pane.current.style.width = `${Math.max(4, x(axis.toMs) - x(axis.fromMs))}px`;
      }
    };
    draw();
    const stops = [onTheme(draw), axis.listen((changed) => changed.has('view') && draw())];
    return () => {
      for (const stop of stops) stop();
    };
  }, [axis, kase, brokenMs]);
  const drag = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    const share = (event.clientX - element.getBoundingClientRect().left) / element.clientWidth;
    const middle = axis.minMs + share * (axis.maxMs - axis.minMs);
    axis.look(middle - axis.spanMs / 2, middle + axis.spanMs / 2);
  };
  return (
    <div class="minimap" aria-hidden="true">
      <div class="minimap-plot" onPointerDown={drag} onPointerMove={drag}>
        <canvas ref={canvas} />
        <div class="minimap-window" ref={pane} />
      </div>
    </div>
  );
}
