// Small test clips, and what tests need to know about a recording: which frames, where the beeps are, and whether sound is missing.

import { toSamples } from '../src/labelled-pcm.ts';
import { run } from './pipeline.ts';

export interface ClipOptions {
  seconds: number;
  audio?: boolean;
  bFrames?: number;
}

/** 320×180 at 30 fps with a keyframe every 6 frames; a beep of 100 ms each second over a quiet 200 Hz pilot. */
export async function makeClip(file: string, options: ClipOptions): Promise<void> {
  const { seconds, audio = true, bFrames = 0 } = options;
  const beep = '0.02*sin(2*PI*200*t)+if(gte(t,0.5)*lt(mod(t-0.5,1),0.1),0.6*sin(2*PI*1000*mod(t-0.5,1)),0)';
  await run('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=320x180:r=30:d=${seconds}`],
    ...(audio ? ['-f', 'lavfi', '-i', `aevalsrc='${beep}':s=48000:d=${seconds}`, '-c:a', 'aac', '-ac', '2'] : []),
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      bFrames > 0 ? '15' : '6',
      '-bf',
      String(bFrames),
      '-pix_fmt',
      'yuv420p',
      file,
    ],
  ]);
}

/** A hash of each decoded frame, in order. */
export async function frameHashes(file: string): Promise<string[]> {
  const { stdout } = await run('ffmpeg', [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:v',
    '-fps_mode',
    'passthrough',
    '-f',
    'framehash',
    '-',
  ]);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}

export interface Sound {
  /** Onset of each beep, in seconds from the first picture. */
  beeps: number[];
  /** Longest stretch below the pilot, between the first and the last sound, ms. */
  longestGapMs: number;
  /** How far, at most, packet timestamps are from the sample count, ms. */
  labelErrorMs: number;
}

export async function listen(file: string): Promise<Sound> {
  const probe = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'packet=codec_type,pts_time', '-of', 'csv=p=0', file],
  ]);
  const packets = probe.stdout.toString().split('\n');
  const videoTimes = packets.filter((line) => line.startsWith('video')).map((line) => Number(line.split(',')[1]));
  const firstVideo = Math.min(...videoTimes);
  const { stdout, stderr } = await run('ffmpeg', [
    ...[
      '-v',
      'info',
      '-copyts',
      '-i',
      file,
      '-vn',
      '-af',
      'ashowinfo,aformat=sample_fmts=s16:channel_layouts=mono',
      '-f',
      's16le',
      '-',
    ],
  ]);
  const samples = toSamples(stdout);
  const frames = [...stderr.matchAll(/pts_time:([-\d.]+).*?nb_samples:(\d+)/g)].map((match) => [
    Number(match[1]),
    Number(match[2]),
  ]);
  const start = frames[0]?.[0] ?? Number.NaN;
  let count = 0;
  let labelErrorMs = 0;
  for (const [time = 0, length = 0] of frames) {
    labelErrorMs = Math.max(labelErrorMs, Math.abs((time - start) * 1000 - count / 48));
    count += length;
  }
  const beeps: number[] = [];
  for (let index = 0; index < samples.length; index += 1) {
    if (Math.abs(samples[index] ?? 0) < 5000) continue;
    beeps.push(start + index / 48_000 - firstVideo);
    index += 24_000;
  }
  return { beeps, longestGapMs: longestGap(samples), labelErrorMs };
}

/** The pilot alone peaks at 655; a stretch of 2.5 ms (half a period of it) without any sample above 100 is a hole. */
function longestGap(samples: Int16Array): number {
  const window = 120;
  const loud: boolean[] = [];
  for (let at = 0; at + window <= samples.length; at += window) {
    loud.push(samples.subarray(at, at + window).some((value) => Math.abs(value) > 100));
  }
  const first = loud.indexOf(true);
  const last = loud.lastIndexOf(true);
  let longest = 0;
  let current = 0;
  for (const isLoud of loud.slice(first, last + 1)) {
    current = isLoud ? 0 : current + 1;
    longest = Math.max(longest, current);
  }
  return (longest * window) / 48;
}
