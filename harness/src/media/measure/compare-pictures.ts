// Compares each recorded frame with the frame of the fixture that has its number: equal to the bit, or how similar.

import { readFile } from 'node:fs/promises';
import { splitLines } from '../../base/lines.ts';
import type { QualityMeasure } from '../../model/measurements.ts';
import type { Published } from './analyse-frames.ts';
import { readContent } from './read-content.ts';
import { type FrameTrace, UNREADABLE } from './read-frames.ts';
import { type PacketScan, scanPackets } from './scan-packets.ts';
import { round3 } from './statistics.ts';
import { streamTool } from './stream-tool.ts';

/** SSIM is taken of about so many frames, spread evenly: each costs more than decoding it. */
const SSIM_FRAMES = 300;
/** Stretches of consecutive numbers beyond this many are left out of the SSIM, the shortest first. */
const MAX_RUNS = 40;

interface Run {
  /** First and last frame of the recording, counted from 0. */
  from: number;
  to: number;
  /** Number of the first. */
  number: number;
}

export async function comparePictures(
  path: string,
  scan: PacketScan,
  frames: FrameTrace,
  published: Published,
  signal: AbortSignal,
): Promise<QualityMeasure> {
  const reference = await fixtureHashes(published, signal);
  let compared = 0;
  let identical = 0;
  for (let i = 0; i < frames.numbers.length; i += 1) {
    const wanted = reference[frames.numbers.at(i)];
    if (wanted === undefined) continue;
    compared += 1;
    if (wanted === frames.hashes[i]) identical += 1;
  }
  const bitExact = compared > 0 && identical === compared;
  const measure: QualityMeasure = { compared, identical, bitExact };
  if (bitExact || compared === 0) return measure;
  const values = await structuralSimilarity(path, scan, risingRuns(frames, published.frames), published, signal);
  if (values.length === 0) return measure;
  return {
    ...measure,
    ssimMean: round3(values.reduce((sum, value) => sum + value, 0) / values.length),
    ssimMin: round3(values.reduce((min, value) => Math.min(min, value), 1)),
  };
}

async function fixtureHashes(published: Published, signal: AbortSignal): Promise<string[]> {
  if (published.frameHashes !== undefined) return (await readFile(published.frameHashes, 'utf8')).trimEnd().split('\n');
  const scan = await scanPackets(published.path, signal);
  const trace = await readContent({ path: published.path, scan, video: true, audio: false, hashes: true, signal });
  return trace.frames?.hashes ?? [];
}

/** Stretches in which frame by frame the number goes up by one, each beginning above where the one before ended. */
function risingRuns(frames: FrameTrace, count: number): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  let highest = -1;
  for (let i = 0; i < frames.numbers.length; i += 1) {
    const number = frames.numbers.at(i);
    if (number === UNREADABLE || number >= count || number <= highest) {
      run = undefined;
      continue;
    }
    if (run && number === run.number + (i - run.from)) run.to = i;
    else {
      run = { from: i, to: i, number };
      runs.push(run);
    }
    highest = number;
  }
  return runs
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, MAX_RUNS)
    .sort((a, b) => a.from - b.from);
}

/** SSIM of the luma by FFmpeg's `ssim` filter, over frames that `select` picks by their place on both sides. */
async function structuralSimilarity(
  path: string,
  scan: PacketScan,
  runs: Run[],
  published: Published,
  signal: AbortSignal,
): Promise<number[]> {
  const total = runs.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (total === 0) return [];
  const stride = Math.max(1, Math.ceil(total / SSIM_FRAMES));
  const pick = (first: (run: Run) => number) =>
    runs
      .map((run) => `between(n,${first(run)},${first(run) + run.to - run.from})*not(mod(n-${first(run)},${stride}))`)
      .join('+');
  const { width, height } = published;
  const scaled =
    scan.video?.width === width && scan.video?.height === height ? '' : `,scale=${width}:${height}:flags=bicubic`;
  // Both sides count from 0, so that the filter, which goes by timestamps, compares what was picked together.
  const same = 'settb=1/30,setpts=N,format=yuv420p';
  const graph =
    `[0:${scan.video?.index}]select='${pick((run) => run.from)}',${same}${scaled}[a];` +
    `[1:v:0]select='${pick((run) => run.number)}',${same}[b];[a][b]ssim=stats_file=-`;
  const values: number[] = [];
  const lines = splitLines((line) => {
    const luma = /\bY:([\d.]+)/.exec(line);
    if (luma) values.push(Number(luma[1]));
  });
  const inputs = ['-i', `file:${path}`, '-i', `file:${published.path}`];
  const args = [
    '-loglevel',
    'error',
    ...inputs,
    '-filter_complex',
    graph,
    '-fps_mode',
    'passthrough',
    '-f',
    'null',
    '-',
  ];
  await streamTool('ffmpeg', args, { signal, readers: [(chunk) => lines.push(chunk)], stallMs: 60_000 });
  lines.end();
  return values;
}
