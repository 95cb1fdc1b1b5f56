// What a run ran on, in words: for reports, so that a difference between two machines can be seen.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { runTool } from '../media/index.ts';

/** Name and value, in the order in which they are shown. Never throws: what cannot be found out says so. */
export async function describeMachine(signal: AbortSignal): Promise<Record<string, string>> {
  const [cpu] = cpus();
  return {
    testcard: ownVersion(),
    node: process.versions.node,
    ffmpeg: await ffmpegVersion(signal),
    system: `${type()} ${release()} ${process.arch}`,
    machine: `${availableParallelism()} × ${cpu?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  };
}

function ownVersion(): string {
  const manifest: { version?: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version ?? 'unknown';
}

async function ffmpegVersion(signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await runTool('ffmpeg', ['-version'], { signal });
    return /version (\S+)/.exec(String(stdout))?.[1] ?? 'of unknown version';
  } catch {
    return 'missing';
  }
}
