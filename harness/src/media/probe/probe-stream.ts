// Looks whether a stream can be read right now, and what is in it.

import { formatDurationMs } from '../../base/duration.ts';
import type { StreamProbe } from '../../model/ports.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { runTool } from '../ffmpeg/run-tool.ts';

interface Probed {
  streams?: { codec_type?: string; codec_name?: string }[];
  packets?: unknown[];
}

/**
 * Readable means that a packet came within `timeoutMs`: a server that holds its readers until somebody publishes answers,
 * but is not readable. Never throws for a stream that is not; rejects when `signal` aborts, and with FFMPEG_MISSING.
 */
export async function probeStream(
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
  options: { guard?: ProcessGuard | undefined } = {},
): Promise<StreamProbe> {
  const result = await runTool(
    'ffprobe',
    [
      ...['-loglevel', 'error', ...(url.startsWith('rtsp:') ? ['-rtsp_transport', 'tcp'] : [])],
      // A stream without sound would otherwise be listened to for seconds in case some comes.
      ...['-analyzeduration', '1000000', '-fpsprobesize', '0'],
      ...['-read_intervals', '%+#1', '-show_entries', 'stream=codec_type,codec_name:packet=stream_index'],
      ...['-of', 'json', url],
    ],
    { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), guard: options.guard, stopGraceMs: 200 },
  ).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === 'TimeoutError') return undefined;
    throw error;
  });
  const heldBack: StreamProbe = { readable: false, reason: `no packet within ${formatDurationMs(timeoutMs)}` };
  if (result === undefined) return heldBack;
  const { streams = [], packets = [] } = parse(result.stdout);
  if (packets.length === 0) return result.ending === 'exited' ? { readable: false, reason: result.reason } : heldBack;
  const codecOf = (type: string) => streams.find(({ codec_type }) => codec_type === type)?.codec_name;
  const video = codecOf('video');
  const audio = codecOf('audio');
  return { readable: true, ...(video === undefined ? {} : { video }), ...(audio === undefined ? {} : { audio }) };
}

function parse(stdout: Buffer): Probed {
  try {
    return JSON.parse(stdout.toString('utf8')) as Probed; // ffprobe's own words; every field is optional to us
  } catch {
    return {};
  }
}
