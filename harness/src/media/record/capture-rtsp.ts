// Records RTSP by copying its packets into NUT, which keeps each stream's own time base (RTP's 90 kHz and the sampling
// rate): Matroska would round to 1 ms, MP4 is unreadable until it is closed, MPEG-TS repackages the sound.

import { statSync } from 'node:fs';
import { readTap, tapArguments } from '../ffmpeg/packet-tap.ts';
import { startTool } from '../ffmpeg/run-tool.ts';
import { type Capture, type CaptureOptions, type CaptureRequest, countPacket, noFacts } from './capture.ts';

/** What FFmpeg says when it changes a timestamp that NUT cannot hold (time going back). */
const REWRITTEN = /non-monoton|changing to \d+|invalid dts/i;

export function captureRtsp({ url, file }: CaptureRequest, options: CaptureOptions): Capture {
  const facts = noFacts();
  const maps = ['-map', '0:v?', '-map', '0:a?'];
  const process = startTool(
    'ffmpeg',
    [
      ...['-loglevel', 'warning', '-rtsp_transport', 'tcp'],
      // The SDP names the codecs; long probing would only hold back what an early stop then loses.
      ...['-analyzeduration', '200000', '-fpsprobesize', '0', '-copyts', '-i', url],
      // When one stream falls silent the other must not wait for it in the muxer (default: 10 s of it).
      ...[...maps, '-c', 'copy', '-max_interleave_delta', '200000', '-flush_packets', '1', '-y', '-f', 'nut', file],
      ...['-max_interleave_delta', '200000', ...tapArguments(maps, 3)],
    ],
    {
      signal: options.signal,
      guard: options.guard,
      share: 'high',
      extraPipes: 1,
      onLogLine: (line) => {
        if (REWRITTEN.test(line)) facts.rewrittenTimestamps += 1;
      },
    },
  );
  const [tap] = process.extra;
  const read = readTap(({ kind, ptsMs, sizeBytes }) => {
    if (kind === 'other') return;
    facts.bytes += sizeBytes; // the file's own size is read at the end
    countPacket(facts, kind, ptsMs, options.clock.nowMs());
    options.onPacket();
  });
  const closed = new Promise<void>((resolve) => tap?.once('close', resolve) ?? resolve());
  tap?.on('data', read).resume();
  const ended = (async () => {
    const result = await process.ended;
    await closed;
    facts.bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return result;
  })();
  ended.catch(() => {}); // the recorder looks when it gets there
  return { process, facts, ended };
}
