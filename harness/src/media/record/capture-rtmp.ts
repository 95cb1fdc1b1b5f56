// Records RTMP as the messages came: FFmpeg only speaks the protocol and hands its messages over as FLV bytes, which are
// written unparsed. A remuxing FFmpeg would probe first (and lose what came before an early stop) and would silently move
// timestamps that go back, which are just what a recording must show.

import { closeSync, openSync, writeSync } from 'node:fs';
import { TestcardError } from '../../model/errors.ts';
import { startTool } from '../ffmpeg/run-tool.ts';
import { type Capture, type CaptureOptions, type CaptureRequest, countPacket, noFacts } from './capture.ts';
import { FlvTagSplitter } from './flv-tags.ts';

/** Offset of the byte of the FLV header that says which kinds of tags there are. */
const FLAGS_OFFSET = 4;
const HAS_VIDEO = 1;
const HAS_AUDIO = 4;

export function captureRtmp({ url, file }: CaptureRequest, options: CaptureOptions): Capture {
  const facts = noFacts();
  const process = startTool(
    'ffmpeg',
    ['-loglevel', 'warning', '-f', 'data', '-i', url, '-map', '0', '-c', 'copy', '-f', 'data', 'pipe:1'],
    { signal: options.signal, guard: options.guard, stdout: 'pipe', share: 'high' },
  );
  const fd = openSync(file, 'w');
  let problem: unknown;
  const tags = new FlvTagSplitter((tag) => {
    if ((tag.kind === 'video' || tag.kind === 'audio') && !tag.isConfig) {
      countPacket(facts, tag.kind, tag.dtsMs, options.clock.nowMs());
    }
  });
  const closed = new Promise<void>((resolve) => process.stdout?.once('close', resolve) ?? resolve());
  process.stdout
    ?.on('data', (chunk: Buffer) => {
      if (problem !== undefined) return;
      try {
        const before = facts.videoPackets + facts.audioPackets;
        const whole = tags.push(chunk);
        writeSync(fd, whole); // a few kilobytes: on disk at once, whatever happens to this process
        facts.bytes += whole.length;
        if (facts.videoPackets + facts.audioPackets > before) options.onPacket();
      } catch (error) {
        problem = error;
        void process.stop(0);
      }
    })
    .resume();
  const ended = (async () => {
    const result = await process.ended;
    await closed;
    try {
      // RTMP itself has no header; FFmpeg makes one up from the first message, which is only one of the two.
      const flags = (facts.videoPackets > 0 ? HAS_VIDEO : 0) | (facts.audioPackets > 0 ? HAS_AUDIO : 0);
      if (facts.bytes > 0 && problem === undefined) writeSync(fd, Uint8Array.of(flags), 0, 1, FLAGS_OFFSET);
    } catch (error) {
      problem ??= error;
    } finally {
      closeSync(fd);
    }
    if (problem !== undefined) {
      const why = problem instanceof Error ? problem.message : String(problem);
      throw new TestcardError('STEP_INCONCLUSIVE', `recording ${url} to ${file} failed: ${why}`, { cause: problem });
    }
    return result;
  })();
  ended.catch(() => {}); // the recorder looks when it gets there
  return { process, facts, ended };
}
