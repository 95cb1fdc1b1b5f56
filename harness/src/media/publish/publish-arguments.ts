// The FFmpeg command line of a publisher: real-time pace, packets copied as they are, timestamps kept.

import { tapArguments } from '../ffmpeg/packet-tap.ts';

export interface PublishInput {
  /** The fixture's file. */
  path: string;
  /** rtsp:// or rtmp://, as this machine reaches it. */
  url: string;
  /** Where in the fixture to start; the keyframe at or before it is the first frame. */
  startAtMs?: number | undefined;
  /** Set to repeat the fixture for ever: how long one round is, ms. */
  loopMs?: number | undefined;
  hasAudio: boolean;
}

/**
 * What an encoder needs to begin (AAC: 1024 samples) stands before time zero. Servers that align tracks by when their first packets came,
 * as MediaMTX does, would take it for the beginning, and all sound would be 21 ms late behind them.
 */
const WITHOUT_PRIMING = ['-bsf:a', 'noise=drop=lt(pts\\,0)'];

/** The packet tap is on `pipe:3`. */
export function publishArguments({ path, url, startAtMs, loopMs, hasAudio }: PublishInput): string[] {
  const seek = startAtMs ? ['-ss', (startAtMs / 1_000).toFixed(3)] : [];
  if (loopMs === undefined || !hasAudio) {
    const loop = loopMs === undefined ? [] : ['-stream_loop', '-1'];
    const maps = hasAudio ? ['-map', '0:v?', '-map', '0:a'] : ['-map', '0:v'];
    return [
      ...['-loglevel', 'warning', '-re', ...loop, ...seek, '-i', path],
      ...[...maps, '-c', 'copy', ...(seek.length > 0 || !hasAudio ? [] : WITHOUT_PRIMING), ...outputFor(url)],
      ...tapArguments(maps, 3),
    ];
  }
  // Repeating AAC packets would repeat the encoder's priming: 21 ms more sound than picture on every round. So the sound is
  // decoded once, cut to the length of the picture, repeated as samples, and encoded live; the picture's packets are copied.
  const maps = ['-map', '0:v', '-map', '[sound]'];
  const samples = `atrim=end=${(loopMs / 1_000).toFixed(6)},asetpts=N/SR/TB`;
  const tone = `[1:a]aformat=sample_rates=48000,apad=whole_dur=${(loopMs / 1_000).toFixed(6)},${samples}`;
  const round = `aloop=loop=-1:size=${Math.round(loopMs * 48)},asetpts=N/SR/TB`;
  return [
    ...['-loglevel', 'warning', '-re', '-stream_loop', '-1', '-i', path, '-i', path],
    ...['-filter_complex', `${tone},${round}[sound]`],
    ...[...maps, '-c:v', 'copy', '-c:a', 'aac', '-b:a', '128k', ...WITHOUT_PRIMING, ...outputFor(url)],
    // The tap cannot copy what an encoder makes, and the picture's packets are what tells how far it is.
    ...tapArguments(['-map', '0:v'], 3),
  ];
}

function outputFor(url: string): string[] {
  return url.startsWith('rtmp')
    ? ['-flvflags', 'no_duration_filesize', '-f', 'flv', url]
    : // Otherwise five AAC frames are gathered into each RTP packet, and the last gathering is never sent.
      ['-muxdelay', '0', '-rtsp_transport', 'tcp', '-f', 'rtsp', url];
}
