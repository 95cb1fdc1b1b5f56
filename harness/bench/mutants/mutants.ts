// Recordings with known faults, made from the fixture by FFmpeg, each with the measures that must reject it.

import { join } from 'node:path';
import type { MeasureName } from '../../src/model/measurements.ts';

/** Seconds of the fixture that mutants are made from. */
export const MUTANT_SECONDS = 12;

/** What the streams are is no measure that a mutant is judged by. */
export type JudgedMeasure = Exclude<MeasureName, 'streams'>;

export interface Sources {
  /** The fixture, and one of another run (another seed). */
  fixture: string;
  otherRun: string;
  /** The same card with B-frames. */
  bFrames: string;
}

export interface Mutant {
  name: string;
  /** What a viewer would notice. */
  fault: string;
  /** Every one of these must reject it. */
  rejectedBy: JudgedMeasure[];
  /** Offset that `content-sync` must find (median, to 1 ms), where that is the point. */
  offsetMs?: number;
  extension?: 'flv' | 'ts' | 'mkv' | 'mp4' | 'nut';
  args(sources: Sources): string[];
}

const COPY = ['-c', 'copy'];
const ENCODE = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-g', '6', '-bf', '0', '-pix_fmt', 'yuv420p'],
  ...['-c:a', 'aac', '-b:a', '128k', '-fps_mode', 'passthrough'],
];
const COPY_VIDEO = ['-c:v', 'copy', '-c:a', 'aac', '-b:a', '128k'];

/** Sound changed by an audio filter, pictures copied. */
const sound = (filter: string) => (s: Sources) => ['-i', s.fixture, '-af', filter, ...COPY_VIDEO];
/** Pictures changed by a video filter; sound copied. */
const pictures = (filter: string) => (s: Sources) => ['-i', s.fixture, '-vf', filter, ...ENCODE, '-c:a', 'copy'];

/** Sound later by `ms` (earlier when negative), timestamps as they were: what lip sync error looks like. */
function shifted(ms: number): Mutant['args'] {
  const filter = ms >= 0 ? `adelay=${ms}:all=1` : `atrim=start=${-ms / 1000},asetpts=PTS-STARTPTS,apad`;
  return sound(`${filter},atrim=end=${MUTANT_SECONDS}`);
}

/** Pieces of picture and sound, from and to in seconds, one after the other. */
function spliced(pieces: [number, number][], which: 'both' | 'video' | 'audio' = 'both'): Mutant['args'] {
  return (s) => {
    const label = (kind: string, i: number) => `[${kind}${i}]`;
    const chain = (kind: 'v' | 'a', filter: string) => {
      const parts = pieces.map(([from, to], i) => {
        const reset = `${filter}setpts=PTS-STARTPTS`;
        return `[0:${kind}]${filter}trim=${from}:${to},${reset}${label(kind, i)}`;
      });
      const joined = pieces.map((_, i) => label(kind, i)).join('');
      const [v, a] = kind === 'v' ? [1, 0] : [0, 1];
      return `${parts.join(';')};${joined}concat=n=${pieces.length}:v=${v}:a=${a}[${kind}]`;
    };
    const graphs = [...(which === 'audio' ? [] : [chain('v', '')]), ...(which === 'video' ? [] : [chain('a', 'a')])];
    const maps = ['-map', which === 'audio' ? '0:v' : '[v]', '-map', which === 'video' ? '0:a' : '[a]'];
    return ['-i', s.fixture, '-filter_complex', graphs.join(';'), ...maps, ...ENCODE];
  };
}

/** Pictures of another run from second 5 to second 7. */
function staleRun(s: Sources): string[] {
  const graph =
    '[0:v]trim=0:5,setpts=PTS-STARTPTS[a];[1:v]trim=5:7,setpts=PTS-STARTPTS[b];' +
    `[0:v]trim=7:${MUTANT_SECONDS},setpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=1:a=0[v]`;
  return ['-i', s.fixture, '-i', s.otherRun, '-filter_complex', graph, '-map', '[v]', '-map', '0:a', ...ENCODE];
}

/** The identity permutation of all frames, but for two neighbours in the middle. */
function oneSwap(): string {
  const order = Array.from({ length: MUTANT_SECONDS * 30 }, (_, i) => i);
  [order[170], order[171]] = [171, 170];
  return `shuffleframes=${order.join(' ')}`;
}

/** The 14 faults that every measuring chain must tell from a clean recording. */
export const MUTANTS: Mutant[] = [
  { name: 'shift', fault: 'sound 300 ms late', rejectedBy: ['content-sync'], offsetMs: 300, args: shifted(300) },
  {
    name: 'drift',
    fault: 'sound runs 0.1 % slow',
    rejectedBy: ['content-sync'],
    args: sound(`asetrate=47952,aresample=48000,atrim=end=${MUTANT_SECONDS}`),
  },
  {
    name: 'silence',
    fault: 'no sound for 2 s',
    rejectedBy: ['gaps', 'content-sync'],
    args: sound("volume=0:enable='between(t,4,6)'"),
  },
  {
    name: 'freeze',
    fault: 'the picture stands still for 4 s',
    rejectedBy: ['gaps', 'frames'],
    args: pictures("select='not(between(t,4,7.99))',fps=30"),
  },
  {
    name: 'half-rate',
    fault: 'every second frame is missing',
    rejectedBy: ['frames', 'gaps'],
    args: pictures("select='not(mod(n,2))'"),
  },
  { name: 'swapped-frames', fault: 'two frames in the wrong order', rejectedBy: ['frames'], args: pictures(oneSwap()) },
  {
    name: 'stale-replay',
    fault: 'two seconds of pictures come again in place of the next two',
    rejectedBy: ['frames'],
    args: spliced(
      [
        [0, 6],
        [4, 6],
        [8, MUTANT_SECONDS],
      ],
      'video',
    ),
  },
  { name: 'stale-run', fault: 'two seconds of pictures from an earlier run', rejectedBy: ['frames'], args: staleRun },
  {
    name: 'lost-fragment',
    fault: 'two seconds are left out and the rest moves up',
    rejectedBy: ['frames', 'duration'],
    args: spliced([
      [0, 4],
      [6, MUTANT_SECONDS],
    ]),
  },
  {
    name: 'doubled-fragment',
    fault: 'two seconds come twice',
    rejectedBy: ['frames', 'duration'],
    args: spliced([
      [0, 6],
      [4, MUTANT_SECONDS],
    ]),
  },
  {
    name: 'swapped-sound',
    fault: 'two sound fragments of 2 s change places',
    rejectedBy: ['content-sync'],
    args: spliced(
      [
        [0, 4],
        [6, 8],
        [4, 6],
        [8, MUTANT_SECONDS],
      ],
      'audio',
    ),
  },
  {
    name: 'hole',
    fault: 'one second is missing and leaves a hole',
    rejectedBy: ['frames', 'gaps', 'timestamps'],
    args: (s) => {
      const drop = (from: number, to: number) => `noise=drop='between(n,${from},${to})'`;
      return ['-i', s.fixture, ...COPY, '-bsf:v', drop(120, 149), '-bsf:a', drop(188, 234)];
    },
  },
  {
    name: 'loop',
    fault: 'it starts again from the beginning',
    rejectedBy: ['frames'],
    args: spliced([
      [0, 6],
      [0, 6],
    ]),
  },
  {
    name: 'lost-sound-packet',
    fault: 'one packet of sound, 21 ms, is missing',
    rejectedBy: ['gaps', 'timestamps'],
    args: (s) => ['-i', s.fixture, ...COPY, '-bsf:a', "noise=drop='eq(n,200)'"],
  },
];

/** Faults beyond the fourteen: the edges of the limits, and pictures that cannot be read. */
export const EDGES: Mutant[] = [
  ...[-60, -40, -15, 15, 40, 60].map(
    (offsetMs): Mutant => ({
      name: `${offsetMs > 0 ? '+' : ''}${offsetMs} ms`,
      fault: `sound ${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'late' : 'early'}`,
      // The limits are ATSC's for the 99th percentile (15 ms lead, 45 ms lag).
      rejectedBy: offsetMs > 45 || offsetMs < -15 ? ['content-sync'] : [],
      offsetMs,
      args: shifted(offsetMs),
    }),
  ),
  {
    name: 'one-lost-frame',
    fault: 'one frame is missing',
    rejectedBy: ['frames', 'gaps'],
    args: pictures("select='not(eq(n,170))'"),
  },
  {
    name: 'black',
    fault: 'black pictures for one second',
    rejectedBy: ['frames'],
    args: pictures("drawbox=c=black:t=fill:enable='between(t,4,5)'"),
  },
  {
    name: 'loop-by-copy',
    fault: 'packets played in a loop, as -stream_loop -c copy does',
    rejectedBy: ['frames', 'gaps'],
    args: (s) => ['-stream_loop', '1', '-i', s.fixture, ...COPY, '-t', String(1.5 * MUTANT_SECONDS)],
  },
  {
    name: 'short-hole',
    fault: '12 ms of silence',
    rejectedBy: ['gaps'],
    args: sound("volume=0:enable='between(t,4.2,4.212)':eval=frame,asetnsamples=n=1024"),
  },
  {
    name: 'picture-re-encoded',
    fault: 'pictures at 60 kbit/s instead of bit-exact copies',
    rejectedBy: ['quality'],
    args: (s) => ['-i', s.fixture, ...ENCODE, '-b:v', '60k', '-crf', '51', '-c:a', 'copy'],
  },
];

/** Recordings without a fault, in the containers and timestamps that pipelines write: every measure must accept them. */
export const CLEAN: Mutant[] = [
  ...(['flv', 'mp4', 'mkv', 'ts', 'nut'] as const).map(
    (extension): Mutant => ({
      name: `clean ${extension}`,
      fault: 'none',
      rejectedBy: [],
      extension,
      offsetMs: 0,
      args: (s) => ['-i', s.fixture, ...COPY],
    }),
  ),
  {
    name: 'B-frames, flv',
    fault: 'none',
    rejectedBy: [],
    offsetMs: 0,
    args: (s) => ['-i', s.bFrames, ...COPY],
  },
  {
    name: 'B-frames, ts',
    fault: 'none',
    rejectedBy: [],
    extension: 'ts',
    offsetMs: 0,
    args: (s) => ['-i', s.bFrames, ...COPY],
  },
  {
    name: 'timestamp wrap, ts',
    fault: 'none',
    rejectedBy: [],
    extension: 'ts',
    offsetMs: 0,
    // 2³³ / 90000 s is 95443.7: the wrap falls into the middle.
    args: (s) => ['-i', s.fixture, ...COPY, '-output_ts_offset', '95438'],
  },
  {
    name: 'starts at 10 s',
    fault: 'none',
    rejectedBy: [],
    offsetMs: 0,
    args: (s) => ['-i', s.fixture, ...COPY, '-output_ts_offset', '10'],
  },
];

export function mutantPath(folder: string, mutant: Mutant): string {
  return join(folder, `${mutant.name.replace(/[^\w+-]+/g, '-')}.${mutant.extension ?? 'flv'}`);
}
