// Lines at the bottom of a terminal that are drawn again and again while other text scrolls by above them. Only lines that changed are
// written, as one synchronized update, so that nothing flickers; the cursor stays visible and below, so that a process that is killed leaves
// the terminal as it should be. (log-update does the like, but leaves rows behind when a terminal grows narrower, and text above is an update
// of its own.)

import { stripVTControlCharacters } from 'node:util';
import { cellsOf } from './fit-text.ts';

export interface LiveRegion {
  /** Lines that fit: not wider than the terminal, fewer than its rows. */
  draw(lines: readonly string[]): void;
  /** Writes text that stays, above the region; ends it with a line end. */
  above(text: string): void;
  /** The terminal has another size now: what was drawn may have wrapped. */
  resized(): void;
  /** Takes the region away. */
  clear(): void;
}

export interface RegionTerminal {
  columns: number;
  write(text: string): void;
}

const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';
const ERASE_TO_END_OF_LINE = '\u001b[K';
const ERASE_LINE = '\u001b[2K';
const ERASE_BELOW = '\u001b[J';

export function createLiveRegion(terminal: RegionTerminal): LiveRegion {
  let drawn: readonly string[] = [];
  const put = (text: string) => terminal.write(`${BEGIN}${text}${END}`);
  const allOf = (lines: readonly string[]) => lines.map((line) => `${line}${ERASE_TO_END_OF_LINE}\n`).join('');
  const toTop = () => `\r${up(drawn.length)}`;

  return {
    draw(lines) {
      if (lines.length !== drawn.length) {
        put(`${toTop()}${allOf(lines)}${ERASE_BELOW}`);
      } else {
        const patch = patchOf(drawn, lines);
        if (patch !== '') put(patch);
      }
      drawn = lines;
    },
    above(text) {
      const whole = text.endsWith('\n') ? text : `${text}\n`;
      put(`${eraseRows(drawn.length)}${whole}${allOf(drawn)}`);
    },
    resized() {
      // A terminal that has become narrower shows a line on several rows. Taken one by one, as the terminal does.
      const rows = drawn.reduce(
        (sum, line) => sum + Math.max(1, Math.ceil(cellsOf(stripVTControlCharacters(line)) / terminal.columns)),
        0,
      );
      put(eraseRows(rows));
      drawn = [];
    },
    clear() {
      if (drawn.length > 0) put(eraseRows(drawn.length));
      drawn = [];
    },
  };
}

/** From below the old lines to below the new ones, writing those that differ over the old. */
function patchOf(old: readonly string[], lines: readonly string[]): string {
  let at = lines.length;
  let patch = '';
  for (const [index, line] of lines.entries()) {
    if (line === old[index]) continue;
    patch += `${index < at ? up(at - index) : down(index - at)}\r${line}${ERASE_TO_END_OF_LINE}`;
    at = index;
  }
  return patch === '' ? '' : `${patch}${down(lines.length - at)}\r`;
}

/**
 * The rows above the cursor, which ends on the first of them. Row by row: tmux takes erasing all from the top left corner as a wish to keep it,
 * and puts what was there into its history (`scroll-on-clear`).
 */
const eraseRows = (rows: number) => `\r${up(rows)}${`${ERASE_LINE}${down(1)}`.repeat(rows)}${up(rows)}`;

const up = (rows: number) => (rows > 0 ? `\u001b[${rows}A` : '');
const down = (rows: number) => (rows > 0 ? `\u001b[${rows}B` : '');
