// Text cut and wrapped to the cells that a terminal has, in which some characters take two and some none.

import stringWidth from 'string-width';

export type Paint = (text: string) => string;
/** Text without control characters of its own, and its colour. */
export type Segment = readonly [text: string, paint?: Paint];

// biome-ignore lint/suspicious/noControlCharactersInRegex: what would move the cursor or change its colour is not shown
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f]/g;

/**
 * Characters that take one cell each and combine with nothing: Latin letters, and the signs of which the console's own lines are full. Most
 * text is made of these alone, and its width need not be looked up, which is most of what a redraw costs.
 */
const PLAIN =
  /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2190-\u21ff\u2200-\u22ff\u2580-\u259f\u25b2\u2713\u2717\u2800-\u28ff]*$/;

/** How many cells a text takes. */
export const cellsOf = (text: string): number => (PLAIN.test(text) ? text.length : stringWidth(text));

/** One line of text, whatever it held. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replace(CONTROL, '');

/** The first `width` cells of a line; what is cut off is marked by the ellipsis. */
export function fitSegments(segments: readonly Segment[], width: number, ellipsis: string): string {
  const whole = segments.reduce((sum, [text]) => sum + cellsOf(text), 0);
  let left = whole <= width ? whole : width - cellsOf(ellipsis);
  let line = '';
  for (const [text, paint] of segments) {
    const piece = takeCells(text, left);
    left -= cellsOf(piece);
    if (piece !== '') line += paint ? paint(piece) : piece;
    if (piece.length < text.length) break;
  }
  return whole <= width ? line : `${line}${width >= cellsOf(ellipsis) ? ellipsis : ''}`;
}

function takeCells(text: string, width: number): string {
  if (width <= 0) return '';
  if (PLAIN.test(text)) return text.slice(0, width);
  if (cellsOf(text) <= width) return text;
  let taken = '';
  let cells = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    cells += cellsOf(segment);
    if (cells > width) break;
    taken += segment;
  }
  return taken;
}

/** Lines of at most `width` cells, broken at spaces, and within a word only when it is longer than a line. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (cellsOf(longer) <= width) {
        line = longer;
        continue;
      }
      if (line !== '') lines.push(line);
      let rest = word;
      while (cellsOf(rest) > width) {
        const piece = takeCells(rest, width) || rest;
        lines.push(piece);
        rest = rest.slice(piece.length);
      }
      line = rest;
    }
    if (line !== '' || paragraph === '') lines.push(line);
  }
  return lines;
}
