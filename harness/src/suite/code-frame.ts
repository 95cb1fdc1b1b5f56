// The lines around a place in a file, with a mark under it. Works on any text, long lines and tabs included.

import type { Position } from '../model/position.ts';

const LINES_BEFORE = 2;
const LINES_AFTER = 1;
/** Columns of a line that are shown; a longer line is cut around the place. */
const WIDTH = 110;

export interface FramePaint {
  /** The line of the place and its mark. */
  strong(text: string): string;
  /** Line numbers and the lines around. */
  faint(text: string): string;
}

const PLAIN: FramePaint = { strong: (text) => text, faint: (text) => text };

/** Empty when the place is not in the text. */
export function codeFrame(text: string, { line, col }: Position, paint: FramePaint = PLAIN): string {
  const lines = text.split(/\r?\n/);
  if (line < 1 || line > lines.length) return '';
  const first = Math.max(1, line - LINES_BEFORE);
  const last = Math.min(lines.length, line + LINES_AFTER);
  const gutter = String(last).length;
  const from = Math.max(0, col - 1 - Math.floor(WIDTH * 0.6));
  const shown: string[] = [];
  for (let number = first; number <= last; number += 1) {
    const content = cut(lines[number - 1] ?? '', from);
    const label = String(number).padStart(gutter);
    if (number !== line) {
      // Blank lines at the edges tell nothing.
      if (content.trim() === '' && (number === first || number === last)) continue;
      shown.push(paint.faint(`    ${label} | ${content}`.trimEnd()));
      continue;
    }
    shown.push(`${paint.strong('  > ')}${paint.faint(`${label} | `)}${content}`.trimEnd());
    const pad = [...(lines[number - 1] ?? '').slice(from, col - 1)].map((char) => (char === '\t' ? '\t' : ' '));
    shown.push(
      `${paint.faint(`    ${' '.repeat(gutter)} | `)}${from > 0 ? ' ' : ''}${pad.join('')}${paint.strong('^')}`,
    );
  }
  return shown.join('\n');
}

function cut(line: string, from: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what would disturb a terminal is not shown
  const clean = line.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '?');
  const window = clean.slice(from, from + WIDTH);
  return `${from > 0 ? '…' : ''}${window}${clean.length > from + WIDTH ? '…' : ''}`;
}
