// What a recording lacks, where it lacks it: lost and doubled frames, freezes, gaps of the sound, odd timestamps.

import type { RecordingMark } from '../../../../src/report/html/page-data.ts';
import { streamToAxisMs } from '../../../../src/report/html/stream-moment.ts';
import { duration } from '../../shared/words.tsx';
import { drawBar, drawSign, type Sign } from '../draw.ts';
import type { Lane, Mark } from '../lane.ts';

interface Defect extends Mark {
  row: number;
  sign: Sign;
  short: string;
}

const ROW = 17;

export function defectLane(recording: RecordingMark): Lane | undefined {
  const found = defectsOf(recording);
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

const SIGNS: Record<string, Sign> = {
  lost: 'diamond',
  duplicated: 'square',
  backward: 'arrow',
  unreadable: 'question',
  stale: 'circle',
};

function defectsOf(recording: RecordingMark): Defect[] {
  const { measurements } = recording;
  const found: Defect[] = [];
  const at = (streamMs: number) => streamToAxisMs(recording, streamMs);
  const add = (row: number, sign: Sign, streamMs: number, lastsMs: number, title: string, short: string) => {
    const fromMs = at(streamMs);
    if (fromMs === undefined) return;
    found.push({ row, sign, fromMs, toMs: fromMs + lastsMs, title, short, kind: 'media', isBad: true });
  };
  const frameMs = 1_000 / (measurements?.frames?.frameRate || 30);
  for (const { kind, atMs, count, number } of measurements?.frames?.defects ?? []) {
    const from = number === undefined ? '' : ` from number ${number}`;
    add(
      0,
      SIGNS[kind] ?? 'diamond',
      atMs,
      count * frameMs,
      `${count} ${count === 1 ? 'frame' : 'frames'} ${kind}${from}`,
      `${count} ${kind}`,
    );
  }
  for (const { atMs, durationMs } of measurements?.gaps?.freezes ?? [])
    add(
      1,
      'square',
      atMs,
      durationMs,
      `freeze of ${duration(Math.round(durationMs))}`,
      `freeze ${duration(Math.round(durationMs))}`,
    );
  for (const { atMs, durationMs } of measurements?.gaps?.video ?? [])
    add(
      2,
      'arrow',
      atMs,
      durationMs,
      `gap of ${duration(Math.round(durationMs))} between pictures`,
      `picture gap ${duration(Math.round(durationMs))}`,
    );
  for (const { atMs, durationMs } of measurements?.gaps?.audio ?? [])
    add(
      3,
      'triangle',
      atMs,
      durationMs,
      `sound missing for ${duration(Math.round(durationMs))}`,
      `no sound ${duration(Math.round(durationMs))}`,
    );
  for (const { kind, atMs, detail } of measurements?.timestamps?.issues ?? [])
    add(4, 'question', atMs, 0, `${kind}: ${detail}`, kind);
  return found;
}
