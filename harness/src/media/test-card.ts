// The test card's geometry and code, shared by the generator that draws it and the instruments that read it.
//
// A strip along the top of every frame holds 2 rows of 20 cells, in units of the frame's own size. Each row begins with a white
// and a black calibration cell and ends with a white one; the 34 cells between them spell, most significant bit first,
// a Gray-coded 24-bit frame number, 6 bits of the run's identity and a CRC-4 over both.

import { createHash } from 'node:crypto';

export const STRIP_COLUMNS = 20;
export const STRIP_ROWS = 2;
/** Height of the whole strip as a fraction of the frame: cells are 64 × 64 at 720p and 32 × 32 at 360p. */
export const STRIP_HEIGHT = 128 / 720;
/** The box that turns white at each beep, in fractions of the frame. */
export const FLASH_BOX = { x: 64 / 1280, y: 192 / 720, width: 256 / 1280, height: 208 / 720 } as const;

export const WHITE_LUMA = 235;
export const BLACK_LUMA = 16;

const NUMBER_BITS = 24;
const IDENTITY_BITS_PER_FRAME = 6;
const CRC_BITS = 4;
const DATA_BITS = NUMBER_BITS + IDENTITY_BITS_PER_FRAME + CRC_BITS;
const DATA_COLUMNS = STRIP_COLUMNS - 3;
/** The identity has 24 bits; a frame carries 6 of them, chosen by its number. */
export const IDENTITY_GROUPS = 4;
export const MAX_FRAME_NUMBER = 2 ** NUMBER_BITS - 1;

/** A frame whose worst cell lies nearer to the threshold than this fraction of half the contrast is not believed. */
export const MIN_CELL_MARGIN = 0.2;
/** White and black calibration cells closer together than this (of 255) are no test card. */
const MIN_CONTRAST = 40;

export const BEEP_MS = 100;
/** Linear, and centred on the nominal instant, so that the half-amplitude point *is* the onset. */
export const BEEP_RAMP_MS = 2;
/** Flash and beep come this long after each whole second, so that the ends of a recording do not cut them. */
export const EVENT_PHASE_S = 0.5;
export const PITCHES = 8;
export const PILOT_HZ = 200;

/** The pitch of second `second`: unambiguous within ±4 s. */
export function beepHz(second: number): number {
  return 800 + 200 * (second % PITCHES);
}

/** The first frame of second `second`'s flash: the first one at or after half past it. */
export function flashFrame(second: number, frameRate: number): number {
  return Math.ceil((second + EVENT_PHASE_S) * frameRate - 1e-9);
}

/** The second whose flash begins nearest to frame `frame`. */
export function flashSecond(frame: number, frameRate: number): number {
  return Math.max(0, Math.round(frame / frameRate - EVENT_PHASE_S));
}

/** The 24-bit identity of all frames of one fixture, from what makes it that one: its recipe and its seed. */
export function identityOf(content: string): number {
  return createHash('sha256').update(`testcard-identity:${content}`).digest().readUIntBE(0, 3);
}

/** The 6 identity bits that frame `number` carries. */
export function identityBits(identity: number, number: number): number {
  return (identity >> (IDENTITY_BITS_PER_FRAME * (number % IDENTITY_GROUPS))) & 0x3f;
}

/** CRC-4 (x⁴ + x + 1, as ITU-T G.704 uses it) over 30 bits; started at ones so that a black strip is not valid. */
function crc4(gray: number, identity: number): number {
  let crc = 0xf;
  const feed = (word: number, bits: number) => {
    for (let bit = bits - 1; bit >= 0; bit -= 1) {
      const carry = ((crc >> 3) ^ (word >> bit)) & 1;
      crc = ((crc << 1) & 0xf) ^ (carry ? 0x3 : 0);
    }
  };
  feed(gray, NUMBER_BITS);
  feed(identity, IDENTITY_BITS_PER_FRAME);
  return crc;
}

/** The strip of frame `number` as 40 cells, row by row: 1 is white. */
export function encodeStrip(number: number, identity: number): Uint8Array {
  const gray = number ^ (number >> 1);
  const own = identityBits(identity, number);
  const words: [number, number][] = [
    [gray, NUMBER_BITS],
    [own, IDENTITY_BITS_PER_FRAME],
    [crc4(gray, own), CRC_BITS],
  ];
  const bits = words.flatMap(([word, size]) => Array.from({ length: size }, (_, i) => (word >> (size - 1 - i)) & 1));
  const cells = new Uint8Array(STRIP_COLUMNS * STRIP_ROWS);
  for (let row = 0; row < STRIP_ROWS; row += 1) {
    const at = row * STRIP_COLUMNS;
    cells[at] = 1;
    cells[at + STRIP_COLUMNS - 1] = 1;
    for (let i = 0; i < DATA_COLUMNS; i += 1) cells[at + 2 + i] = bits[row * DATA_COLUMNS + i] ?? 0;
  }
  return cells;
}

export interface StripReading {
  number: number;
  /** The 6 identity bits of this frame. */
  identity: number;
  /** Worst cell's distance from the threshold, as a fraction of half the contrast: 1 is perfect. */
  margin: number;
}

/** Reads 40 cell lumas (0–255), row by row; undefined when there is no card or it cannot be read with certainty. */
export function decodeStrip(lumas: ArrayLike<number>): StripReading | undefined {
  let margin = 1;
  let gray = 0;
  let identity = 0;
  let crc = 0;
  for (let row = 0; row < STRIP_ROWS; row += 1) {
    const at = row * STRIP_COLUMNS;
    const first = lumas[at] ?? 0;
    const last = lumas[at + STRIP_COLUMNS - 1] ?? 0;
    const white = (first + last) / 2;
    const black = lumas[at + 1] ?? 0;
    if (white - black < MIN_CONTRAST || Math.abs(first - last) > (white - black) / 2) return undefined;
    const threshold = (white + black) / 2;
    for (let i = 0; i < DATA_COLUMNS; i += 1) {
      const distance = (lumas[at + 2 + i] ?? 0) - threshold;
      margin = Math.min(margin, Math.abs(distance) / ((white - black) / 2));
      const bit = distance > 0 ? 1 : 0;
      const index = row * DATA_COLUMNS + i;
      if (index < NUMBER_BITS) gray = (gray << 1) | bit;
      else if (index < DATA_BITS - CRC_BITS) identity = (identity << 1) | bit;
      else crc = (crc << 1) | bit;
    }
  }
  if (margin < MIN_CELL_MARGIN || crc !== crc4(gray, identity)) return undefined;
  let number = gray;
  for (let shift = 1; shift < NUMBER_BITS; shift <<= 1) number ^= number >> shift;
  return { number, identity, margin };
}
