// Makes a picture of a page small: sixty-four colours are enough for text, and a third of the bytes.

import { renameSync } from 'node:fs';
import { runTool } from '../../src/media/index.ts';

export async function shrinkPicture(file: string): Promise<void> {
  const filter = 'split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none';
  const small = `${file}.small.png`;
  const result = await runTool('ffmpeg', ['-loglevel', 'error', '-i', file, '-vf', filter, '-y', small]);
  if (result.exitCode !== 0) throw new Error(`${file} cannot be made smaller: ${result.reason}`);
  renameSync(small, file);
}
