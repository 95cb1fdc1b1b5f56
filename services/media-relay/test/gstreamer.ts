// Runs GStreamer as a publisher and as a reader, where it is installed.

import { execFileSync } from 'node:child_process';
import { type RunningFfmpeg, start, type Transport, type Urls } from './ffmpeg.ts';

/** Elements that these tests need and this machine lacks. */
export const missingElements = ['qtdemux', 'h264parse', 'rtspclientsink', 'rtmp2sink'].filter((element) => {
  try {
    execFileSync('gst-inspect-1.0', [element], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
});

/** Says once, loudly, what is not tested for want of GStreamer. */
export function warnWithoutGstreamer(what: string): void {
  if (missingElements.length === 0) return;
  const packages = '(Debian: gstreamer1.0-tools, -plugins-good, -plugins-bad, -rtsp)';
  console.warn(`SKIPPED: ${what}, for want of ${missingElements.join(', ')} ${packages}`);
}

const gst = (pipeline: string) => start(['-q', ...pipeline.split(' ')], 'gst-launch-1.0');

const demuxed = (file: string, sink: string) =>
  `filesrc location=${file} ! qtdemux name=d d.video_0 ! queue ! h264parse ! ${sink} d.audio_0 ! queue ! aacparse ! ${sink}`;

/**
 * Publishes picture and sound of an MP4 in real time. Over RTSP, `rtspclientsink` (1.22) does not come to its end in one run of five,
 * whatever the server: `inboundBytes` then tells when it has sent all, and it is killed.
 */
export function publishByGstreamer(
  file: string,
  to: Transport,
  urls: Urls,
  path: string,
  inboundBytes: (path: string) => Promise<number | undefined>,
): RunningFfmpeg {
  if (to === 'rtmp') {
    return gst(`flvmux streamable=true name=m ! rtmp2sink location=${urls.rtmpUrl(path)} ${demuxed(file, 'm.')}`);
  }
  const sink = `rtspclientsink name=s location=${urls.rtspUrl(path)} protocols=${to.slice(5)} latency=0`;
  const publisher = gst(`${sink} ${demuxed(file, 's.')}`);
  void endWhenSilent(publisher, () => inboundBytes(path));
  return publisher;
}

const SILENT_MS = 1_500;
const LOOK_MS = 100;

async function endWhenSilent({ child, done }: RunningFfmpeg, count: () => Promise<number | undefined>): Promise<void> {
  let isOver = false;
  void done.then(() => {
    isOver = true;
  });
  let last = { bytes: 0, at: performance.now() };
  while (!isOver) {
    const bytes = (await count().catch(() => undefined)) ?? 0;
    if (bytes !== last.bytes) last = { bytes, at: performance.now() };
    else if (bytes > 0 && performance.now() - last.at > SILENT_MS) child.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Writes the picture to `file` as an H.264 byte stream. A stream over RTMP has sound exactly when `hasSound` says so, else it does not end. */
export function readByGstreamer(
  from: Transport,
  urls: Urls,
  path: string,
  { file, hasSound }: { file: string; hasSound: boolean },
): RunningFfmpeg {
  const parsed = `h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! filesink location=${file}`;
  // Sound that comes first and is linked to nothing would be the end of it.
  const sound = hasSound ? ' d.audio ! queue ! fakesink async=false' : '';
  return gst(
    from === 'rtmp'
      ? `rtmp2src location=${urls.rtmpUrl(path)} ! flvdemux name=d d.video ! queue ! ${parsed}${sound}`
      : `rtspsrc location=${urls.rtspUrl(path)} protocols=${from.slice(5)} latency=200 name=r r. ! application/x-rtp,media=video ! rtph264depay ! ${parsed}`,
  );
}
