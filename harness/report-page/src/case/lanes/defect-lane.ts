// What a recording lacks, where it lacks it: lost and doubled frames, freezes, gaps of the sound, odd timestamps.

import type { RecordingMark } from '../../../../src/report/html/page-data.ts';
import { type DefectKind, defectsOf } from '../../../../src/report/html/recording-defects.ts';
import { drawBar, drawSign, type Sign } from '../draw.ts';
import type { Lane, Mark } from '../lane.ts';

interface Defect extends Mark {
  row: number;
  sign: Sign;
  short: string;
}

const ROW = 17;

export function defectLane(recording: RecordingMark): Lane | undefined {
  const found = defectsOf(recording).map(
    ({ kind, ...defect }): Defect => ({ ...defect, ...LOOKS[kind], kind: 'media', isBad: true }),
  );
  const { measurements } = recording;
  if (!measurements) return undefined;
  const rows = [...new Set(found.map(({ row }) => row))].sort((a, b) => a - b);
  const y = (defect: Defect) => 2 + rows.indexOf(defect.row) * ROW;
  const measured = [
    measurements.frames && 'frames',
    measurements.gaps && 'freezes and gaps',
    measurements.timestamps && 'timestamps',
  ].filter(Boolean);
  if (measured.length === 0) return undefined;
  const none = `no defect in ${measured.join(', ')}`;
  return {
    id: `defects-${recording.name}`,
    label: `${recording.name}: defects`,
    height: Math.max(1, rows.length) * ROW + 4,
    marks: found,
    rowOf: (mark) => ({ y: y(mark as Defect), height: ROW - 3 }),
    read: (atMs) =>
      found.length === 0
        ? none
        : found
            .filter(({ fromMs, toMs }) => fromMs - 40 <= atMs && atMs <= toMs + 40)
            .map(({ title }) => title)
            .join(', ') || `${found.length} in all`,
    draw(drawing) {
      const { context, axis, palette, width } = drawing;
      for (const defect of found) {
        const left = axis.x(defect.fromMs);
        const right = axis.x(defect.toMs);
        if (right < -10 || left > width + 10) continue;
        drawBar(drawing, {
          fromMs: defect.fromMs,
          toMs: defect.toMs,
          y: y(defect),
          height: ROW - 4,
          fill: palette.fail,
          alpha: 0.28,
          hatch: palette.fail,
          edge: palette.fail,
          text: right - left > 60 ? `   ${defect.short}` : '',
          textColor: palette.text,
        });
        drawSign(context, defect.sign, Math.max(left, 4), y(defect) + (ROW - 4) / 2, 8, palette.fail);
      }
    },
  };
}

const LOOKS: Record<DefectKind, { row: number; sign: Sign }> = {
  lost: { row: 0, sign: 'diamond' },
  duplicated: { row: 0, sign: 'square' },
  backward: { row: 0, sign: 'arrow' },
  unreadable: { row: 0, sign: 'question' },
  stale: { row: 0, sign: 'circle' },
  freeze: { row: 1, sign: 'square' },
  'picture-gap': { row: 2, sign: 'arrow' },
  'sound-gap': { row: 3, sign: 'triangle' },
  timestamps: { row: 4, sign: 'question' },
};
