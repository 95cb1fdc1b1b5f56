// Parts of the page's data, compressed, as text that can stand in HTML.

import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);
/** Level 6 of 9: what more takes twice the time for a hundredth of the size. */
const LEVEL = 6;

export async function packChunk(text: string): Promise<string> {
  const packed = await compress(text, { level: LEVEL, memLevel: constants.Z_MAX_MEMLEVEL });
  return packed.toString('base64');
}
