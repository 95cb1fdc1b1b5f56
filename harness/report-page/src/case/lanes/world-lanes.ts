// What was done to the pipeline and how it was: faults, states of services, publishers and recordings.

import type { CaseMarks, FaultMark, ServiceLane } from '../../../../src/report/html/page-data.ts';
import { clock, duration } from '../../shared/words.tsx';
import { drawBar, drawSign } from '../draw.ts';
import type { Lane, Mark } from '../lane.ts';
import { packRows } from './pack-rows.ts';

const ROW = 21;

export function faultLane({ faults, toMs }: CaseMarks, zeroMs: number): Lane | undefined {
  if (faults.length === 0) return undefined;
  const bars = faults.map((fault) => ({ fault, fromMs: fault.askedMs, toMs: endOf(fault, toMs) }));
  const { rows, height } = packRows(bars.map((bar) => ({ ...bar, toMs: bar.toMs + 400 })));
  const marks = bars.map(
    ({ fault, fromMs, toMs: endMs }): Mark => ({
      fromMs,
      toMs: endMs,
      title: fault.title,
      kind: 'fault',
      more: faultWords(fault, zeroMs),
      isBad: fault.unprovenMs !== undefined || fault.notRevertedMs !== undefined,
    }),
  );
  const rowOf = (mark: Mark) => ({ y: 2 + (rows[marks.indexOf(mark)] ?? 0) * ROW, height: ROW - 4 });
  return {
    id: 'faults',
    label: 'Faults',
    height: height * ROW + 3,
    marks,
    rowOf,
    read: (atMs) =>
      faults
        .filter((fault) => fault.askedMs <= atMs && atMs <= endOf(fault, toMs))
        .map((fault) => `${fault.title} (${stateAt(fault, atMs)})`)
        .join(', '),
    draw(drawing) {
      const { context, axis, palette } = drawing;
      for (const [index, { fault, toMs: endMs }] of bars.entries()) {
        const y = 2 + (rows[index] ?? 0) * ROW;
        const height = ROW - 4;
        const provenMs = fault.provenMs ?? fault.unprovenMs ?? fault.injectedMs ?? endMs;
        // Asked but not shown yet: an outline. Proven: hatched, until it was asked to end; then an outline again.
        drawBar(drawing, {
          fromMs: fault.askedMs,
          toMs: endMs,
          y,
          height,
          fill: palette.fault,
          alpha: 0.1,
          edge: palette.fault,
          dashed: true,
        });
        drawBar(drawing, {
          fromMs: provenMs,
          toMs: fault.revertingMs ?? endMs,
          y,
          height,
          fill: palette.fault,
          alpha: 0.35,
          hatch: palette.fault,
        });
        drawBar(drawing, {
          fromMs: fault.askedMs,
          toMs: endMs,
          y,
          height,
          fill: 'transparent',
          text: `⚡ ${fault.title}`,
          textColor: palette.text,
        });
        const sign = (atMs: number | undefined, kind: 'tick' | 'cross' | 'arrow') => {
          if (atMs !== undefined)
            drawSign(context, kind, axis.x(atMs), y + height / 2, 7, kind === 'cross' ? palette.fail : palette.text);
        };
        sign(fault.unprovenMs ?? fault.notRevertedMs, 'cross');
      }
    },
  };
}

const endOf = (fault: FaultMark, caseEndMs: number): number =>
  fault.revertedMs ??
  fault.notRevertedMs ??
  fault.revertingMs ??
  (fault.unprovenMs !== undefined
    ? fault.unprovenMs
    : isMomentary(fault)
      ? (fault.provenMs ?? fault.askedMs)
      : caseEndMs);

/** A kill, a reset: over when it is done, so nothing reverts it. */
const isMomentary = (fault: FaultMark): boolean =>
  fault.revertingMs === undefined && fault.provenMs !== undefined && /kill|reset|drop/.test(fault.kind);

function stateAt(fault: FaultMark, atMs: number): string {
  if (fault.revertedMs !== undefined && atMs >= fault.revertedMs) return 'reverted';
  if (fault.revertingMs !== undefined && atMs >= fault.revertingMs) return 'being reverted';
  if (fault.unprovenMs !== undefined && atMs >= fault.unprovenMs) return 'not proven';
  if (fault.provenMs !== undefined && atMs >= fault.provenMs) return 'proven';
  return fault.injectedMs !== undefined && atMs >= fault.injectedMs ? 'injected' : 'asked';
}

function faultWords(fault: FaultMark, zeroMs: number): string {
  const parts = [`asked at ${clock(fault.askedMs - zeroMs)}`];
  const after = (atMs: number) => `after ${duration(atMs - fault.askedMs)}`;
  if (fault.provenMs !== undefined)
    parts.push(`proven ${after(fault.provenMs)}${fault.proof ? ` (${fault.proof})` : ''}`);
  if (fault.unprovenMs !== undefined) parts.push(`not proven${fault.proof ? ` (${fault.proof})` : ''}`);
  if (fault.revertedMs !== undefined)
    parts.push(`reverted at ${clock(fault.revertedMs - zeroMs)}${fault.revertProof ? ` (${fault.revertProof})` : ''}`);
  if (fault.notRevertedMs !== undefined)
    parts.push(`not reverted${fault.revertProof ? ` (${fault.revertProof})` : ''}`);
  return parts.join(' · ');
}

const GOOD = new Set(['ready', 'running', 'healthy']);
const BAD = new Set(['exited', 'failed', 'unhealthy', 'dead', 'killed']);

export function serviceLane({ service, spans }: ServiceLane, minMs: number, maxMs: number): Lane {
  const seen = spans.filter(({ fromMs, toMs }) => toMs >= minMs && fromMs <= maxMs);
  const marks = seen.map((span): Mark => {
    const how = span.signal
      ? ` by ${span.signal}`
      : span.exitCode === undefined
        ? ''
        : ` with exit code ${span.exitCode}`;
    return {
      fromMs: span.fromMs,
      toMs: span.toMs,
      title: `${service}: ${span.state}${how}`,
      kind: 'service',
      more: `for ${duration(span.toMs - span.fromMs)}${span.restarts > 0 ? ` · restarted ${span.restarts} times so far` : ''}`,
      isBad: BAD.has(span.state),
    };
  });
  return {
    id: `service-${service}`,
    label: service,
    height: 20,
    marks,
    read: (atMs) => seen.findLast(({ fromMs }) => fromMs <= atMs)?.state ?? '',
    draw(drawing) {
      const { palette } = drawing;
      for (const span of seen) {
        const isGood = GOOD.has(span.state);
        const color = isGood ? palette.pass : BAD.has(span.state) ? palette.fail : palette.unsure;
        drawBar(drawing, {
          fromMs: span.fromMs,
          toMs: span.toMs,
          y: 2,
          height: 15,
          fill: color,
          alpha: isGood ? 0.16 : 0.32,
          ...(isGood ? {} : { hatch: color }),
          edge: color,
          text: `${span.state}${span.signal ? ` (${span.signal})` : span.exitCode === undefined ? '' : ` (${span.exitCode})`}${span.restarts > 0 ? ` · restart ${span.restarts}` : ''}`,
          textColor: palette.text,
        });
      }
    },
  };
}

export function activityLane({ activities }: CaseMarks): Lane | undefined {
  if (activities.length === 0) return undefined;
  const { rows, height } = packRows(activities);
  const marks = activities.map(
    ({ name, kind, fromMs, toMs, state }): Mark => ({
      fromMs,
      toMs,
      title: `${kind} ${name}`,
      kind,
      more: `${state} after ${duration(toMs - fromMs)}`,
      isBad: state === 'failed',
    }),
  );
  const rowOf = (mark: Mark) => ({ y: 2 + (rows[marks.indexOf(mark)] ?? 0) * 18, height: 15 });
  return {
    id: 'activities',
    label: 'Publish, record',
    height: height * 18 + 3,
    marks,
    rowOf,
    read: (atMs) =>
      activities
        .filter(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)
        .map(({ name }) => name)
        .join(', '),
    draw(drawing) {
      const { palette } = drawing;
      for (const [index, { name, kind, fromMs, toMs, state }] of activities.entries()) {
        const color = state === 'failed' ? palette.fail : palette.accent;
        drawBar(drawing, {
          fromMs,
          toMs,
          y: 2 + (rows[index] ?? 0) * 18,
          height: 15,
          fill: color,
          alpha: 0.14,
          edge: color,
          text: `${kind === 'recording' ? '● rec' : '▶ pub'} ${name}${state === 'failed' ? ' ✗ failed' : ''}`,
          textColor: palette.text,
        });
      }
    },
  };
}
