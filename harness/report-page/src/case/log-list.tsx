// The lines of all logs of the case, in order of time. Only those that are seen are in the page, however many there are.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { logSentence } from '../../../src/report/html/log-level.ts';
import { LEVEL, type LogLines, lowerBound } from '../data/log-lines.ts';
import { usePrinting } from '../shared/printing.ts';
import { clock } from '../shared/words.tsx';
import type { TimeAxis } from './time-axis.ts';

const ROW_PX = 22;
const SPARE_ROWS = 8;
/** On paper, around the chosen line: some five pages. */
const PRINTED_ROWS = 200;
const LEVEL_WORDS = ['debug', 'info', 'warn', 'error'];
const LEVEL_GLYPHS = ['·', ' ', '◆', '▲'];

export function LogList({ log, axis }: { log: LogLines; axis: TimeAxis }) {
  const [words, setWords] = useState('');
  const [service, setService] = useState(-1);
  const [least, setLeast] = useState<number>(LEVEL.debug);
  const [chosen, setChosen] = useState<number>();
  const rows = useMemo(() => filtered(log, axis, { words, service, least }), [log, axis, words, service, least]);
  const [view, setView] = useState({ top: 0, height: 360 });
  const scroller = useRef<HTMLDivElement>(null);
  const times = useMemo(() => Int32Array.from(rows, (index) => log.times[index] as number), [rows, log]);

  useEffect(() => {
    const go = (atMs: number) => {
      const element = scroller.current;
      if (!element) return;
      const at = lowerBound(times, Math.round(atMs) + 1) - 1;
      const top = Math.max(0, at * ROW_PX - element.clientHeight / 2);
      if (Math.abs(element.scrollTop - top) > ROW_PX / 2) element.scrollTop = top;
      setChosen(rows[Math.max(0, at)]);
    };
    go(axis.playheadMs);
    return axis.listen((changed) => {
      if (changed.has('playhead')) go(axis.playheadMs);
    });
  }, [axis, rows, times]);

  const isPrinting = usePrinting();
  const middle = chosen === undefined ? 0 : rows.indexOf(chosen);
  const first = isPrinting
    ? Math.max(0, Math.min(middle - PRINTED_ROWS / 2, rows.length - PRINTED_ROWS))
    : Math.max(0, Math.floor(view.top / ROW_PX) - SPARE_ROWS);
  const last = isPrinting
    ? Math.min(rows.length, first + PRINTED_ROWS)
    : Math.min(rows.length, Math.ceil((view.top + view.height) / ROW_PX) + SPARE_ROWS);
  const seen: number[] = [];
  for (let row = first; row < last; row += 1) seen.push(row);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const now = chosen === undefined ? 0 : rows.indexOf(chosen);
    const next = rows[Math.min(rows.length - 1, Math.max(0, now + (event.key === 'ArrowDown' ? 1 : -1)))];
    if (next !== undefined) axis.seek(log.times[next] as number);
  };
  return (
    <section class={isPrinting ? 'log is-printed' : 'log'} aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">Log</h2>
        <input
          type="search"
          placeholder="find in lines"
          aria-label="Find in lines"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <select
          aria-label="Service"
          value={service}
          onChange={(event) => setService(Number(event.currentTarget.value))}
        >
          <option value={-1}>all services</option>
          {log.services.map((name, index) => (
            <option key={name} value={index}>
              {name}
            </option>
          ))}
        </select>
        <select aria-label="Level" value={least} onChange={(event) => setLeast(Number(event.currentTarget.value))}>
          <option value={LEVEL.debug}>all levels</option>
          <option value={LEVEL.info}>info and worse</option>
          <option value={LEVEL.warn}>warnings and errors</option>
          <option value={LEVEL.error}>errors</option>
        </select>
        <span class="muted" role="status">
          {rows.length.toLocaleString('en')} of {log.count.toLocaleString('en')} lines
          {isPrinting && last - first < rows.length ? `, of which ${first + 1} to ${last} are printed` : ''}
        </span>
      </div>
      <div
        class="log-scroll"
        ref={scroller}
        tabIndex={0}
        role="list"
        aria-label="Log lines, in order of time; arrow keys go from line to line"
        onKeyDown={onKey}
        onScroll={({ currentTarget: { scrollTop, clientHeight } }) => setView({ top: scrollTop, height: clientHeight })}
      >
        <div class="log-height" role="presentation" style={{ height: `${rows.length * ROW_PX}px` }}>
          {seen.map((row) => {
            const index = rows[row] as number;
            const level = log.level[index] as number;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list's arrow keys do what a click does
              <div
                key={row}
                role="listitem"
                aria-setsize={rows.length}
                aria-posinset={row + 1}
                class={`log-row level-${LEVEL_WORDS[level]}${index === chosen ? ' is-chosen' : ''}`}
                style={{ transform: `translateY(${row * ROW_PX}px)` }}
                onClick={() => axis.seek(log.times[index] as number)}
              >
                <span class="log-time">{clock((log.times[index] as number) - axis.zeroMs, 3)}</span>
                <span class="log-level">
                  <span aria-hidden="true">{LEVEL_GLYPHS[level]}</span>
                  <span class="unseen">{LEVEL_WORDS[level]}</span>
                </span>
                <span class={`log-service service-${(log.service[index] as number) % 6}`}>
                  {log.services[log.service[index] as number]}
                </span>
                <span class="log-text">{logSentence(log.text[index] ?? '')}</span>
              </div>
            );
          })}
        </div>
      </div>
      {chosen === undefined ? null : (
        <details class="log-raw">
          <summary>The chosen line as it was written</summary>
          <pre>{pretty(log.text[chosen] ?? '')}</pre>
        </details>
      )}
    </section>
  );
}

function filtered(
  log: LogLines,
  axis: TimeAxis,
  { words, service, least }: { words: string; service: number; least: number },
): number[] {
  const first = lowerBound(log.times, axis.minMs);
  const last = lowerBound(log.times, axis.maxMs + 1);
  const wanted = words.trim().toLowerCase();
  const rows: number[] = [];
  for (let index = first; index < last; index += 1) {
    if (service >= 0 && log.service[index] !== service) continue;
    if ((log.level[index] as number) < least) continue;
    if (wanted !== '' && !(log.text[index] ?? '').toLowerCase().includes(wanted)) continue;
    rows.push(index);
  }
  return rows;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
