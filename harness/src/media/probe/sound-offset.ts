// How late the sound of a live stream is against its picture, by the flashes and beeps of the test card in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { toTestcardError } from '../../model/errors.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { measureRecording } from '../measure/index.ts';
import { startRecorder } from '../record/index.ts';

export interface SoundOffsetOptions {
  /** From the first packet on; two seconds more than the offset to find, at least. */
  forMs: number;
  withinMs: number;
  guard?: ProcessGuard | undefined;
}

export type SoundOffset = { pairs: number; medianMs: number } | { unmeasured: string };

/** Never throws for a stream that cannot be read or has no test card; rejects when `signal` aborts, and with FFMPEG_MISSING. */
export async function measureSoundOffset(
  url: string,
  { forMs, withinMs, guard }: SoundOffsetOptions,
  signal: AbortSignal,
): Promise<SoundOffset> {
  const folder = mkdtempSync(join(tmpdir(), 'testcard-look-'));
  try {
    let onFirst = () => {};
    const first = new Promise<void>((resolve) => {
      onFirst = resolve;
    });
    const recorder = startRecorder(
      { name: 'look', url, folder },
      { signal, guard, onStatus: ({ state }) => state === 'recording' && onFirst() },
    );
    const over = recorder.ended.catch(() => {});
    const bound = new AbortController();
    const outOfTime = systemClock.delay(withinMs, AbortSignal.any([signal, bound.signal])).catch(() => {});
    await Promise.race([first, over, outOfTime]);
    if (recorder.status().state === 'recording') {
      const watched = systemClock.delay(forMs, AbortSignal.any([signal, bound.signal])).catch(() => {});
      await Promise.race([watched, over]);
    }
    bound.abort();
    await recorder.stop(signal);
    signal.throwIfAborted();
    if (recorder.facts().firstPacketAtMs === undefined) return { unmeasured: `no packet within ${withinMs} ms` };
    return await offsetIn(recorder.path, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function offsetIn(path: string, signal: AbortSignal): Promise<SoundOffset> {
  try {
    const { 'content-sync': sync, unmeasured } = await measureRecording(path, { wanted: ['content-sync'], signal });
    if (sync !== undefined) return { pairs: sync.offset.n, medianMs: sync.offset.median };
    return { unmeasured: unmeasured?.['content-sync'] ?? 'no flash and beep' };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toTestcardError(error);
    if (code === 'FFMPEG_MISSING' || code === 'INTERNAL') throw error;
    return { unmeasured: message };
  }
}
