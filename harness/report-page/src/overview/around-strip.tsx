// What else happened within two seconds of the instant: on a strip of four seconds, and in words below it, in order of time.

import type { Story } from '../../../src/report/html/page-data.ts';
import { clock } from '../shared/words.tsx';

const REACH_MS = 2_000;
const GLYPHS: Record<string, string> = { fault: '⚡', service: '⟳', log: '!', activity: '●', media: '▧', said: '·' };

interface Row {
  offsetMs: number;
  kind: string;
  weight: 'bad' | 'note' | 'said';
  text: string;
  count: number;
}

export function AroundStrip({ story: { meanwhile, said, defects, earlier, leftOut, when } }: { story: Story }) {
  if (!when) return null;
  const isEarlier = said.some(({ offsetMs }) => offsetMs < -REACH_MS);
  const rows: Row[] = [
    ...meanwhile.map(({ offsetMs, kind, weight, text, count }) => ({ offsetMs, kind, weight, text, count })),
    ...said.map(({ offsetMs, service, text }) => ({
      offsetMs,
      kind: 'said',
      weight: 'said' as const,
      text: `${service}: ${text}`,
      count: 1,
    })),
    ...defects.map(({ offsetMs, text }) => ({ offsetMs, kind: 'media', weight: 'bad' as const, text, count: 1 })),
  ].sort((a, b) => a.offsetMs - b.offsetMs);
  const first = rows.findIndex(({ offsetMs }) => offsetMs > 0);
  const position = first < 0 ? rows.length : first;
  return (
    <div class="around">
      <p class="around-title">Within two seconds of it</p>
      <div class="strip" aria-hidden="true">
        {rows
          .filter(({ offsetMs }) => Math.abs(offsetMs) <= REACH_MS)
          .map(({ offsetMs, kind, weight }, index) => (
            <span
              key={`${offsetMs}${kind}${index}`}
              class={`strip-mark weight-${weight}`}
              style={{ left: `${50 + (offsetMs / REACH_MS) * 50}%` }}
            >
              {GLYPHS[kind]}
            </span>
          ))}
        <span class="strip-now">✗</span>
        <span class="strip-end start">−2 s</span>
        <span class="strip-end end">+2 s</span>
      </div>
      {rows.length === 0 ? (
        <p class="muted">Nothing: no fault, no error or warning in logs, no restart, no line of any service.</p>
      ) : (
        <ol class="around-list">
          {rows.slice(0, position).map(rowItem)}
          <li class="around-now">
            <span class="offset">0.00 s</span>
            <span class="kind kind-now">✗ here</span>
          </li>
          {rows.slice(position).map(rowItem)}
        </ol>
      )}
      {isEarlier && rows.length === said.length ? (
        <p class="muted">Nothing else happened within two seconds; these are the last lines before.</p>
      ) : null}
      {leftOut > 0 ? <p class="muted">and {leftOut} more</p> : null}
      {earlier.length > 0 ? (
        <>
          <p class="around-title earlier-title">Earlier in the case</p>
          <ol class="around-list">
            {earlier.map(({ firstMs, lastMs, level, service, text, count }) => (
              <li key={`${firstMs}${text}`} class={level === 'error' ? 'weight-bad' : 'weight-note'}>
                <span class="offset">{clock(firstMs, 1)}</span>
                <span class={`kind kind-${level === 'error' ? 'bad' : 'log'}`}>
                  {level === 'error' ? '▲' : '◆'} {level}
                </span>
                <span class="text">
                  {count > 1 ? (
                    <b>
                      {count}× until {clock(lastMs, 1)}:{' '}
                    </b>
                  ) : null}
                  {service}: {text}
                </span>
              </li>
            ))}
          </ol>
        </>
      ) : null}
    </div>
  );
}

function rowItem({ offsetMs, kind, weight, text, count }: Row, index: number) {
  return (
    <li key={`${offsetMs}${text}${index}`} class={`weight-${weight}`}>
      <span class="offset">
        {offsetMs < 0 ? '−' : '+'}
        {(Math.abs(offsetMs) / 1_000).toFixed(2)} s
      </span>
      <span class={`kind kind-${weight === 'bad' ? 'bad' : kind}`}>
        {GLYPHS[kind]} {kind}
      </span>
      <span class="text">
        {text}
        {count > 1 ? <b> ×{count}</b> : null}
      </span>
    </li>
  );
}
