// What the case did: phases, steps, checks.

import type { CaseMarks, CheckMark, StepMark } from '../../../../src/report/html/page-data.ts';
import { clock, duration, GLYPH } from '../../shared/words.tsx';
import { drawBar, drawSign, VERDICT_SIGN, verdictColor } from '../draw.ts';
import type { Lane, Mark } from '../lane.ts';
import { packRows } from './pack-rows.ts';

const ROW = 19;

export function phaseLane({ phases }: CaseMarks): Lane | undefined {
  if (phases.length === 0) return undefined;
  const marks = phases.map(
    ({ name, fromMs, toMs }): Mark => ({
      fromMs,
      toMs,
      title: name,
      kind: 'phase',
      more: `lasted ${duration(toMs - fromMs)}`,
    }),
  );
  return {
    id: 'phases',
    label: 'Phases',
    height: 22,
    marks,
    read: (atMs) => marks.findLast(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)?.title ?? '',
    draw(drawing) {
      const { palette } = drawing;
      for (const [index, { fromMs, toMs, title }] of marks.entries()) {
        drawBar(drawing, {
          fromMs,
          toMs,
          y: 2,
          height: 17,
          fill: palette.accent,
          alpha: index % 2 === 0 ? 0.22 : 0.12,
          edge: palette.accent,
          text: title,
          textColor: palette.text,
        });
      }
    },
  };
}

export function stepLane({ steps }: CaseMarks): Lane {
  const { rows, height } = packRows(steps, ({ depth }) => depth);
  const marks = steps.map(
    (step): Mark => ({
      fromMs: step.fromMs,
      toMs: step.toMs,
      title: step.title,
      kind: 'step',
      more: stepWords(step),
      isBad: step.verdict === 'failed' || step.verdict === 'inconclusive',
    }),
  );
  const rowOf = (mark: Mark) => ({ y: 2 + (rows[marks.indexOf(mark)] ?? 0) * ROW, height: ROW - 3 });
  return {
    id: 'steps',
    label: 'Steps',
    height: height * ROW + 4,
    marks,
    rowOf,
    read: (atMs) =>
      steps.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < Math.max(toMs, fromMs + 1)).at(-1)?.title ?? '',
    draw(drawing) {
      const { palette } = drawing;
      for (const [index, step] of steps.entries()) {
        const color = verdictColor(step.verdict, palette);
        const y = 2 + (rows[index] ?? 0) * ROW;
        const isBad = step.verdict !== 'passed';
        drawBar(drawing, {
          fromMs: step.fromMs,
          toMs: step.toMs,
          y,
          height: ROW - 3,
          fill: isBad ? color : palette.bar,
          alpha: isBad ? 0.3 : 1,
          edge: color,
          text: `${GLYPH[step.verdict]} ${step.title}`,
          textColor: isBad ? palette.text : palette['bar-text'],
        });
      }
    },
  };
}

function stepWords({ verdict, fromMs, toMs, waits, error, line }: StepMark): string {
  const last = waits.at(-1);
  const parts = [`${verdict} after ${duration(toMs - fromMs)}`, `line ${line}`];
  if (last) parts.push(`waited for ${last.for}${last.last === undefined ? '' : ` (last seen ${last.last})`}`);
  if (error) parts.push(error.message);
  return parts.join(' · ');
}

export function checkLane(
  { checks }: CaseMarks,
  zeroMs: number,
  onChoose: (check: CheckMark) => void,
): Lane | undefined {
  if (checks.length === 0) return undefined;
  const marks = checks.map(
    (check): Mark => ({
      fromMs: check.atMs,
      toMs: check.atMs,
      title: check.expected,
      kind: `check (${check.how})`,
      more: `${check.verdict}: ${check.seen}${check.judgedMs - check.atMs > 500 ? ` · judged at ${clock(check.judgedMs - zeroMs)}` : ''}`,
      isBad: check.verdict !== 'passed',
      onChoose: () => onChoose(check),
    }),
  );
  return {
    id: 'checks',
    label: 'Checks',
    height: 24,
    marks,
    read(atMs) {
      const judged = checks.filter((check) => check.atMs <= atMs);
      const bad = judged.filter(({ verdict }) => verdict !== 'passed').length;
      return judged.length === 0
        ? ''
        : `${judged.length - bad} of ${checks.length} held${bad > 0 ? `, ${bad} did not` : ''}`;
    },
    draw({ context, axis, palette, width }) {
      let lastX = -99;
      // Those that did not hold last, over the others.
      const ordered = [...checks].sort(
        (a, b) => Number(a.verdict !== 'passed') - Number(b.verdict !== 'passed') || a.atMs - b.atMs,
      );
      for (const { atMs, verdict } of ordered) {
        const x = axis.x(atMs);
        if (x < -8 || x > width + 8) continue;
        if (verdict === 'passed' && x - lastX < 3) continue; // one on the other
        lastX = x;
        drawSign(context, VERDICT_SIGN[verdict], x, 12, verdict === 'passed' ? 8 : 11, verdictColor(verdict, palette));
      }
    },
  };
}
