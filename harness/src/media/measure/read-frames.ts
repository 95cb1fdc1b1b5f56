// Turns small grey pictures of each decoded frame into its number, its run's identity and whether the flash box is lit.

import { splitLines } from '../../base/lines.ts';
import { decodeStrip, FLASH_BOX, STRIP_COLUMNS, STRIP_HEIGHT, STRIP_ROWS } from '../test-card.ts';
import { Float64List, Int32List, Uint8List } from './number-list.ts';

/** Every 16 × 16 pixels of a 720p card become one; a strip cell is 4 × 4 of those, of which the inner 2 × 2 are read. */
const GRID_COLUMNS = 80;
const GRID_ROWS = 25;
/** The part of the frame's height that is looked at: strip and flash box. */
const GRID_HEIGHT = 5 / 9;
const GRID_BYTES = GRID_COLUMNS * GRID_ROWS;

export const STRIP_FILTER = `crop=iw:ih*5/9:0:0,scale=${GRID_COLUMNS}:${GRID_ROWS}:flags=area,format=gray,settb=AVTB,showinfo=checksum=0`;

export const UNREADABLE = -1;

/** What each decoded frame says, in presentation order. */
export interface FrameTrace {
  ptsMs: Float64List;
  /** Frame number, or UNREADABLE. */
  numbers: Int32List;
  /** The 6 identity bits of readable frames. */
  identities: Uint8List;
  /** 1 where the flash box is lit. */
  lit: Uint8List;
  /** Hash of the whole decoded frame, when asked for. */
  hashes: string[];
}

const FRAME_LINE = /^\[Parsed_showinfo_\d+ @ [^\]]*\] n: *\d+ pts: *(-?\d+|NOPTS) /;

export class FrameReader {
  readonly #trace: FrameTrace = {
    ptsMs: new Float64List(),
    numbers: new Int32List(),
    identities: new Uint8List(),
    lit: new Uint8List(),
    hashes: [],
  };
  readonly #grid = Buffer.alloc(GRID_BYTES);
  #filled = 0;
  readonly #hashLines = splitLines((line) => {
    if (line.startsWith('#')) return;
    this.#trace.hashes.push(line.slice(line.lastIndexOf(',') + 1).trim());
  });

  takeLine(line: string): boolean {
    const match = FRAME_LINE.exec(line);
    if (!match) return false;
    this.#trace.ptsMs.push(match[1] === 'NOPTS' ? Number.NaN : Number(match[1]) / 1000);
    return true;
  }

  takeHashes(chunk: Buffer): void {
    this.#hashLines.push(chunk);
  }

  takePixels(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const taken = chunk.copy(this.#grid, this.#filled, from, from + GRID_BYTES - this.#filled);
      from += taken;
      this.#filled += taken;
      if (this.#filled < GRID_BYTES) return;
      this.#filled = 0;
      this.#readGrid();
    }
  }

  finish(): FrameTrace {
    this.#hashLines.end();
    return this.#trace;
  }

  #readGrid(): void {
    const cells = new Float64Array(STRIP_COLUMNS * STRIP_ROWS);
    const cellWidth = GRID_COLUMNS / STRIP_COLUMNS;
    const cellHeight = (STRIP_HEIGHT / GRID_HEIGHT / STRIP_ROWS) * GRID_ROWS;
    for (let row = 0; row < STRIP_ROWS; row += 1) {
      for (let column = 0; column < STRIP_COLUMNS; column += 1) {
        const left = column * cellWidth + 1;
        const top = Math.round(row * cellHeight) + 1;
        cells[row * STRIP_COLUMNS + column] = this.#mean(left, top, left + 2, top + 2);
      }
    }
    const reading = decodeStrip(cells);
    this.#trace.numbers.push(reading?.number ?? UNREADABLE);
    this.#trace.identities.push(reading?.identity ?? 0);
    const { x, y, width, height } = FLASH_BOX;
    // The middle half of the box, so that neither blur nor a pixel of misplacement matters.
    const flash = this.#mean(
      Math.round((x + width / 4) * GRID_COLUMNS),
      Math.round(((y + height / 4) / GRID_HEIGHT) * GRID_ROWS),
      Math.round((x + (3 * width) / 4) * GRID_COLUMNS),
      Math.round(((y + (3 * height) / 4) / GRID_HEIGHT) * GRID_ROWS),
    );
    const threshold = ((cells[0] as number) + (cells[1] as number)) / 2; // between the card's own white and black
    this.#trace.lit.push(reading && flash > threshold ? 1 : 0);
  }

  #mean(left: number, top: number, right: number, bottom: number): number {
    let sum = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) sum += this.#grid[y * GRID_COLUMNS + x] as number;
    }
    return sum / ((right - left) * (bottom - top));
  }
}
