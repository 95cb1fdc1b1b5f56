// Finds the ffmpeg and ffprobe programs, and says how to install them when they are not there.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { TestcardError } from '../../model/errors.ts';

export type Tool = 'ffmpeg' | 'ffprobe';

/** Environment variables that name a program other than the first one on PATH. */
const OVERRIDES: Record<Tool, string> = { ffmpeg: 'TESTCARD_FFMPEG', ffprobe: 'TESTCARD_FFPROBE' };

/** Absolute path of the program. Throws FFMPEG_MISSING, whose hint is the one command that installs it. */
export function locateTool(tool: Tool, env: NodeJS.ProcessEnv = process.env): string {
  const override = env[OVERRIDES[tool]];
  if (override !== undefined && override !== '') {
    const path = override.includes('/') ? resolve(override) : findOnPath(override, env.PATH);
    if (path !== undefined && isExecutable(path)) return path;
    throw new TestcardError('FFMPEG_MISSING', `${OVERRIDES[tool]} names ${override}, which is no program`, {
      hint: `point ${OVERRIDES[tool]} at ${tool}, or unset it`,
    });
  }
  const found = findOnPath(tool, env.PATH);
  if (found !== undefined) return found;
  throw new TestcardError('FFMPEG_MISSING', `${tool} is not installed (not found on PATH)`, {
    hint: `install it with: ${installCommand()}`,
  });
}

/** The command that installs FFmpeg on this system, to be typed as it is. */
export function installCommand(
  platform: NodeJS.Platform = process.platform,
  isRoot = process.getuid?.() === 0,
): string {
  if (platform === 'darwin') return 'brew install ffmpeg';
  if (platform === 'win32') return 'winget install ffmpeg';
  const sudo = isRoot ? '' : 'sudo ';
  return `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ffmpeg`;
}

function findOnPath(name: string, path = ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder)) // a relative entry would mean whatever the working folder happens to hold
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
