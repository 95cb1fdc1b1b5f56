// Bars, hatching and signs on lanes. Nothing is told by colour alone: bars carry text where there is room, verdicts and faults have shapes.

import type { Palette } from '../shared/theme.ts';
import type { AnyVerdict } from '../shared/words.tsx';
import type { LaneDrawing } from './lane.ts';

export const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';

export const verdictColor = (verdict: AnyVerdict, palette: Palette): string =>
  ({
    passed: palette.pass,
    failed: palette.fail,
    inconclusive: palette.unsure,
    skipped: palette.skip,
    unfinished: palette.skip,
  })[verdict];

export interface Bar {
  fromMs: number;
  toMs: number;
  y: number;
  height: number;
  fill: string;
  /** 0 to 1. */
  alpha?: number;
  edge?: string;
  text?: string;
  textColor?: string;
  hatch?: string;
  dashed?: boolean;
}

/** Draws what is seen of it; at least a pixel wide, its text cut to what is seen. */
export function drawBar({ context, axis, width }: LaneDrawing, bar: Bar): void {
  const left = Math.max(-2, axis.x(bar.fromMs));
  const right = Math.min(width + 2, axis.x(bar.toMs));
  if (right < 0 || left > width) return;
  const wide = Math.max(1, right - left);
  context.save();
  context.globalAlpha = bar.alpha ?? 1;
  context.fillStyle = bar.fill;
  const outline = new Path2D();
  outline.roundRect(left, bar.y, wide, bar.height, Math.min(3, wide / 2));
  context.fill(outline);
  if (bar.hatch) hatch(context, bar.hatch, left, bar.y, wide, bar.height);
  context.globalAlpha = 1;
  if (bar.edge) {
    context.strokeStyle = bar.edge;
    context.lineWidth = 1;
    if (bar.dashed) context.setLineDash([3, 2]);
    context.stroke(outline);
    context.setLineDash([]);
  }
  if (bar.text && wide > 18) {
    context.beginPath();
    context.rect(left + 2, bar.y, wide - 4, bar.height);
    context.clip();
    context.font = FONT;
    context.textBaseline = 'middle';
    context.fillStyle = bar.textColor ?? '#000';
    context.fillText(bar.text, Math.max(left, 0) + 5, bar.y + bar.height / 2 + 0.5);
  }
  context.restore();
}

function hatch(
  context: CanvasRenderingContext2D,
  color: string,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = Math.floor((x - height) / 6) * 6; at < x + width; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

export type Sign = 'tick' | 'cross' | 'question' | 'diamond' | 'triangle' | 'circle' | 'square' | 'arrow';

/** A sign with its middle at (x, y). */
export function drawSign(
  context: CanvasRenderingContext2D,
  sign: Sign,
  x: number,
  y: number,
  size: number,
  color: string,
): void {
  context.save();
  context.translate(x, y);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 2;
  context.lineCap = 'round';
  const r = size / 2;
  context.beginPath();
  switch (sign) {
    case 'tick':
      context.moveTo(-r, 0);
      context.lineTo(-r / 4, r * 0.75);
      context.lineTo(r, -r * 0.75);
      context.stroke();
      break;
    case 'cross':
      context.moveTo(-r, -r);
      context.lineTo(r, r);
      context.moveTo(r, -r);
      context.lineTo(-r, r);
      context.stroke();
      break;
    case 'question':
      context.font = `bold ${size + 4}px system-ui, sans-serif`;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText('?', 0, 0.5);
      break;
    case 'diamond':
      context.moveTo(0, -r);
      context.lineTo(r, 0);
      context.lineTo(0, r);
      context.lineTo(-r, 0);
      context.closePath();
      context.fill();
      break;
    case 'triangle':
      context.moveTo(0, -r);
      context.lineTo(r, r);
      context.lineTo(-r, r);
      context.closePath();
      context.fill();
      break;
    case 'circle':
      context.arc(0, 0, r, 0, Math.PI * 2);
      context.fill();
      break;
    case 'square':
      context.rect(-r, -r, size, size);
      context.fill();
      break;
    case 'arrow':
      context.moveTo(0, r);
      context.lineTo(-r, -r);
      context.lineTo(r, -r);
      context.closePath();
      context.stroke();
      break;
  }
  context.restore();
}

export const VERDICT_SIGN: Record<AnyVerdict, Sign> = {
  passed: 'tick',
  failed: 'cross',
  inconclusive: 'question',
  skipped: 'circle',
  unfinished: 'circle',
};
