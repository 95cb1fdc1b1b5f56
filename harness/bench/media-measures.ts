// How fast recordings are measured and in how much memory, against reading all packets as most scripts do:
// `ffprobe -show_packets -of json`, parsed whole. Each figure is taken in a process of its own.
//
//   node harness/bench/media-measures.ts [--rounds 3]

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildFixture, type Fixture, findRecipe, loadRecipes, measureRecording, runTool } from '../src/media/index.ts';
import type { MeasureName } from '../src/model/measurements.ts';
import { watchMemory } from './resident-memory.ts';

const run = promisify(execFile);
const ALL: MeasureName[] = [
  ...(['duration', 'streams', 'av-sync', 'content-sync', 'frames', 'gaps', 'timestamps', 'quality'] as const),
];

/** What a child process is asked for, and what it answers. */
interface Job {
  recording: string;
  /** Facts of the fixture, as JSON. */
  fixture: string;
  /** Undefined for the baseline. */
  wanted?: MeasureName[];
}

interface Figures {
  seconds: number;
  /** Peak of all processes together, of which this one. */
  totalMb: number;
  selfMb: number;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, job: { type: 'string' } } });
if (values.job === undefined) await compare(Number(values.rounds));
else console.log(JSON.stringify(await work(JSON.parse(values.job) as Job)));

async function work({ recording, fixture, wanted }: Job): Promise<Figures> {
  const published = JSON.parse(fixture) as Fixture;
  const memory = watchMemory();
  const startedAt = performance.now();
  if (wanted) await measureRecording(recording, { wanted, published, signal: AbortSignal.timeout(600_000) });
  else {
    const args = ['-v', 'error', '-show_packets', '-of', 'json', recording];
    const { stdout } = await run('ffprobe', args, { maxBuffer: 2 ** 30 });
    if (JSON.parse(stdout).packets.length === 0) throw new Error('no packets');
  }
  return { seconds: (performance.now() - startedAt) / 1000, ...memory.stop() };
}

async function compare(rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'testcard-bench-'));
  try {
    const { signal } = new AbortController();
    const recipes = await loadRecipes(join(import.meta.dirname, '../../fixtures'));
    const builtAt = performance.now();
    const recipe = findRecipe(recipes, 'one-minute');
    const fixture = await buildFixture(recipe, { signal, seed: `bench ${process.pid}`, cacheFolder: folder });
    const builtSeconds = (performance.now() - builtAt) / 1000;
    console.log(
      `fixture one-minute built and proven in ${builtSeconds.toFixed(1)} s, ${(fixture.sizeBytes / 1e6).toFixed(1)} MB`,
    );
    const record = async (name: string, args: string[], after = ['-c', 'copy']) => {
      const path = join(folder, name);
      const all = ['-loglevel', 'error', ...args, '-i', fixture.path, ...after, path];
      const result = await runTool('ffmpeg', all, { signal });
      if (result.exitCode !== 0) throw new Error(result.reason);
      return path;
    };
    const minute = await record('minute.flv', []);
    const tenMinutes = await record('ten-minutes.flv', ['-stream_loop', '9']);
    const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '1M', '-c:a', 'copy'];
    const reencoded = await record('re-encoded.flv', [], encoder);

    const facts = JSON.stringify(fixture);
    let baseline: Figures | undefined;
    const row = async (
      name: string,
      recording: string,
      wanted: MeasureName[] | undefined,
      minutes = 1,
      times = rounds,
    ) => {
      const job: Job = { recording, fixture: facts, ...(wanted ? { wanted } : {}) };
      const all: Figures[] = [];
      for (let round = 0; round < times; round += 1) {
        const args = [import.meta.filename, '--job', JSON.stringify(job)];
        all.push(JSON.parse((await run(process.execPath, args)).stdout) as Figures);
      }
      const seconds = all.map((each) => each.seconds).sort((a, b) => a - b)[times >> 1] as number;
      const [totalMb, selfMb] = [
        Math.max(...all.map((each) => each.totalMb)),
        Math.max(...all.map((each) => each.selfMb)),
      ];
      baseline ??= { seconds, totalMb, selfMb };
      console.log(
        [
          name.padEnd(42),
          `${seconds.toFixed(2)} s`.padStart(8),
          `${((60 * minutes) / seconds).toFixed(1)} × real time`.padStart(19),
          `${(seconds / minutes / baseline.seconds).toFixed(2)} × baseline`.padStart(16),
          `${totalMb.toFixed(0)} MB (own process ${selfMb.toFixed(0)})`.padStart(26),
        ].join(' '),
      );
      return { seconds, totalMb, selfMb };
    };
    await row('baseline: ffprobe json, parsed whole', minute, undefined);
    await row('timestamps + av-sync', minute, ['timestamps', 'av-sync']);
    for (const name of ['frames', 'content-sync', 'gaps', 'quality'] as const) await row(name, minute, [name]);
    const one = await row('all measures', minute, ALL);
    await row('all measures, pictures re-encoded (SSIM)', reencoded, ALL);
    await row('baseline, ten minutes', tenMinutes, undefined, 10, 1);
    const ten = await row('all measures, ten minutes', tenMinutes, ALL, 10, 1);
    console.log(`memory for ten minutes: ${(ten.totalMb / one.totalMb).toFixed(2)} × that for one`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
