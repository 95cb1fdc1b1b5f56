// Text cut and wrapped to the cells that a terminal has, in which some characters take two and some none.

import stringWidth from 'string-width';

export type Paint = (text: string) => string;
/** Text without control characters of its own, and its colour. */
export type Segment = readonly [text: string, paint?: Paint];

// biome-ignore lint/suspicious/noControlCharactersInRegex: what would move the cursor or change its colour is not shown
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f]/g;

/** One line of text, whatever it held. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replace(CONTROL, '');

/** The first `width` cells of a line; what is cut off is marked by the ellipsis. */
export function fitSegments(segments: readonly Segment[], width: number, ellipsis: string): string {
  const whole = segments.reduce((sum, [text]) => sum + stringWidth(text), 0);
  let left = whole <= width ? whole : width - stringWidth(ellipsis);
  let line = '';
  for (const [text, paint] of segments) {
    const piece = takeCells(text, left);
    left -= stringWidth(piece);
    if (piece !== '') line += paint ? paint(piece) : piece;
    if (piece.length < text.length) break;
  }
  return whole <= width ? line : `${line}${width >= stringWidth(ellipsis) ? ellipsis : ''}`;
}

function takeCells(text: string, width: number): string {
  if (width <= 0) return '';
  if (stringWidth(text) <= width) return text;
  let taken = '';
  let cells = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    cells += stringWidth(segment);
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
      if (stringWidth(longer) <= width) {
        line = longer;
        continue;
      }
      if (line !== '') lines.push(line);
      let rest = word;
      while (stringWidth(rest) > width) {
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
