import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeasureName } from '../../model/measurements.ts';
import { runTool } from '../ffmpeg/index.ts';
import { buildFixture } from '../fixture/build-fixture.ts';
import type { Fixture } from '../fixture/fixture.ts';
import { parseRecipe } from '../fixture/recipe.ts';
import { calibrate } from './calibrate.ts';
import { measureRecording } from './measure-recording.ts';

const { signal } = new AbortController();
const ALL: MeasureName[] = [
  'duration',
  'streams',
  'av-sync',
  'content-sync',
  'frames',
  'gaps',
  'timestamps',
  'quality',
];
let folder: string;
let fixture: Fixture;
const at = (name: string) => join(folder, name);
const measure = (path: string, wanted = ALL) => measureRecording(path, { wanted, published: fixture, signal });

async function ffmpeg(name: string, ...args: string[]): Promise<string> {
  const result = await runTool('ffmpeg', ['-loglevel', 'error', '-y', ...args, at(name)], { signal });
  if (result.exitCode !== 0) throw new Error(result.reason);
  return at(name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'testcard-measure-'));
  const recipe = parseRecipe('duration: 5s\nvideo: { size: 640x360 }', at('card.yaml'));
  fixture = await buildFixture(recipe, { signal });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a measure comes out the same alone and with all others', async () => {
  const path = await ffmpeg('clean.flv', '-i', fixture.path, '-c', 'copy');
  const together = await measure(path);
  for (const name of ALL.filter((each) => each !== 'streams')) {
    const alone = await measure(path, [name]);
    expect(alone[name as 'frames'], name).toEqual(together[name as 'frames']);
    expect(together[name as 'frames'], name).toBeDefined();
  }
  expect(together).not.toHaveProperty('unmeasured');
  expect(together).not.toHaveProperty('complaints');
});

test('only what is wanted is measured', async () => {
  const measured = await measure(await ffmpeg('few.flv', '-i', fixture.path, '-c', 'copy'), ['timestamps']);
  expect(Object.keys(measured).sort()).toEqual(['file', 'sizeBytes', 'streams', 'timestamps', 'tookMs']);
});

test('a recording that joined late is compared with what was published from its first frame on', async () => {
  const path = await ffmpeg('late.flv', '-ss', '1', '-i', fixture.path, '-c', 'copy');
  const { duration, frames } = await measure(path, ['duration', 'frames']);
  expect(duration).toMatchObject({ firstFrame: 30, publishedMs: 5000, publishedFromFirstFrameMs: 4000 });
  expect(frames).toMatchObject({ lost: 0, missingAtStart: 30, missingAtEnd: 0 });
  const published = { ...fixture, firstFrame: 24, lastFrame: 143 };
  const partly = await measureRecording(path, { wanted: ['duration', 'frames'], published, signal });
  expect(partly.duration).toMatchObject({ firstFrame: 30, publishedMs: 4000, publishedFromFirstFrameMs: 3800 });
  expect(partly.frames).toMatchObject({ missingAtStart: 6 });
});

test.each([25, 29.97, 50])(
  'a card of %d frames a second is measured as exactly, and its rate read off it',
  async (rate) => {
    const recipe = parseRecipe(`duration: 4s\nvideo: { size: 640x360, rate: ${rate} }`, at(`card-${rate}.yaml`));
    const card = await buildFixture(recipe, { signal });
    const path = await ffmpeg(`rate-${rate}.flv`, '-i', card.path, '-c', 'copy');
    const measured = await measureRecording(path, { wanted: ['content-sync', 'frames'], signal });
    expect(measured.frames).toMatchObject({ lost: 0, unreadable: 0 });
    expect(Math.abs((measured.frames?.frameRate ?? 0) - rate)).toBeLessThan(0.01);
    expect(measured['content-sync']?.offset.n).toBe(4);
    expect(Math.abs(measured['content-sync']?.offset.median ?? Number.NaN)).toBeLessThan(1);
  },
);

describe('a track that is not there', () => {
  test('is named by every measure that needs it, and the others go on', async () => {
    const measured = await measure(await ffmpeg('mute.flv', '-i', fixture.path, '-an', '-c', 'copy'));
    expect(measured.unmeasured).toEqual({ 'av-sync': 'no audio track', 'content-sync': 'no audio track' });
    expect(measured.frames?.lost).toBe(0);
    expect(measured.streams.map(({ kind }) => kind)).toEqual(['video']);
  });

  test('may be the pictures', async () => {
    const measured = await measure(await ffmpeg('blind.flv', '-i', fixture.path, '-vn', '-c', 'copy'));
    expect(measured.unmeasured).toMatchObject({ frames: 'no video track', quality: 'no video track' });
    expect(measured.gaps?.audio).toEqual([]);
  });
});

test('pictures that are no test card are unreadable, every one of them', async () => {
  const path = await ffmpeg('other.flv', '-f', 'lavfi', '-i', 'testsrc=s=640x360:d=2', '-c:v', 'libx264');
  const { frames } = await measure(path, ['frames']);
  expect(frames?.unreadable).toBe(frames?.total);
});

test('at 60 kbit/s and a quarter of the size, no frame is misread', async () => {
  const path = await ffmpeg(
    'tiny.flv',
    '-i',
    fixture.path,
    '-c:v',
    'libx264',
    '-b:v',
    '60k',
    '-s',
    '320x180',
    '-c:a',
    'copy',
  );
  const { frames } = await measure(path, ['frames']);
  expect(frames).toMatchObject({ total: 150, unreadable: 0, stale: 0, lost: 0, duplicated: 0, backward: 0 });
});

test('re-encoded pictures are compared by frame number, whatever was lost and doubled before them', async () => {
  const filter = "select='not(between(n,40,47))',loop=loop=1:size=6:start=80,setpts=N/30/TB";
  const re = ['-i', fixture.path, '-an', '-vf', filter, '-c:v', 'libx264', '-crf', '12', '-preset', 'ultrafast'];
  const { quality } = await measure(await ffmpeg('good.mkv', ...re), ['quality']);
  expect(quality).toMatchObject({ compared: 148, bitExact: false });
  expect(quality?.identical).toBeLessThan(10);
  expect(quality?.ssimMin).toBeGreaterThan(0.97);
  const blurred = await ffmpeg(
    'blurred.mkv',
    '-i',
    fixture.path,
    '-an',
    '-vf',
    "boxblur=6:enable='between(t,2,3)'",
    '-c:v',
    'libx264',
  );
  const bad = await measure(blurred, ['quality']);
  expect(bad.quality?.ssimMin).toBeLessThan(0.8);
  expect(bad.quality?.ssimMean).toBeGreaterThan(0.85);
  const small = await measure(
    await ffmpeg('small.mkv', '-i', fixture.path, '-an', '-s', '480x270', '-c:v', 'libx264'),
    ['quality'],
  );
  expect(small.quality?.ssimMin).toBeGreaterThan(0.8);
});

test('sound at 64 kbit/s is timed within what the error bound says', async () => {
  const path = await ffmpeg('thin.mp4', '-i', fixture.path, '-c:v', 'copy', '-c:a', 'aac', '-b:a', '64k');
  const sync = (await measure(path, ['content-sync']))['content-sync'];
  expect(sync?.offset.n).toBe(5);
  for (const { offsetMs } of sync?.events ?? []) expect(Math.abs(offsetMs)).toBeLessThan(sync?.errorBoundMs ?? 0);
});

describe('what cannot be measured is inconclusive, with a remedy', () => {
  const refusal = {
    kind: 'inconclusive',
    hint: expect.stringMatching(/\S/),
    message: expect.not.stringContaining('\n'),
  };

  test('a recording that was never made', async () => {
    await expect(measure(at('absent.flv'))).rejects.toMatchObject({ ...refusal, code: 'RECORDING_EMPTY' });
  });

  test('a recording without a byte', async () => {
    await writeFile(at('empty.flv'), '');
    await expect(measure(at('empty.flv'))).rejects.toMatchObject({ ...refusal, code: 'RECORDING_EMPTY' });
  });

  test('a recording without a packet', async () => {
    const whole = await ffmpeg('whole.flv', '-i', fixture.path, '-c', 'copy');
    await ffmpeg('headers.flv', '-i', whole, '-c', 'copy', '-t', '0');
    await expect(measure(at('headers.flv'))).rejects.toMatchObject({ ...refusal, code: 'RECORDING_EMPTY' });
  });

  test('something that is no media', async () => {
    await writeFile(at('noise.flv'), Buffer.alloc(50_000, 'not a recording'));
    await expect(measure(at('noise.flv'))).rejects.toMatchObject({ ...refusal, code: 'RECORDING_CORRUPT' });
  });

  test('an MP4 whose recorder was killed before it wrote the index', async () => {
    const path = await ffmpeg('cut.mp4', '-i', fixture.path, '-c', 'copy');
    await truncate(path, 200_000);
    await expect(measure(path)).rejects.toMatchObject({ ...refusal, code: 'RECORDING_CORRUPT' });
  });

  test('no FFmpeg on this machine', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await expect(measure(fixture.path)).rejects.toMatchObject({ ...refusal, code: 'FFMPEG_MISSING' });
    } finally {
      process.env.PATH = path;
    }
  });
});

test('an FLV that was cut short is measured up to there', async () => {
  const path = await ffmpeg('cut.flv', '-i', fixture.path, '-c', 'copy');
  await truncate(path, Math.floor((await readFile(path)).length / 2));
  const { frames } = await measure(path, ['frames']);
  expect(frames?.lost).toBe(0);
  expect(frames?.missingAtEnd).toBeGreaterThan(50);
});

test('a recording with damage inside is measured, with what FFmpeg complained of', async () => {
  const bytes = await readFile(await ffmpeg('damaged.flv', '-i', fixture.path, '-c', 'copy'));
  bytes.fill(0x55, bytes.length / 2, bytes.length / 2 + 5000);
  await writeFile(at('damaged.flv'), bytes);
  const measured = await measure(at('damaged.flv'), ['frames']);
  expect(measured.complaints?.join()).toMatch(/invalid|corrupt|error|mismatch|truncat/i);
  expect(measured.complaints?.join()).not.toContain('0x');
});

test('measuring ends when the signal aborts', async () => {
  const abort = new AbortController();
  const measuring = measureRecording(fixture.path, { wanted: ALL, signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(measuring).rejects.toThrow('enough');
});

describe('calibration', () => {
  test('of a path that changes nothing is within a millisecond', async () => {
    const path = await ffmpeg('reference.flv', '-i', fixture.path, '-c', 'copy');
    const { rawMs, baselineMs, differenceMs } = await calibrate(fixture, path, signal);
    expect(Math.abs(rawMs)).toBeLessThan(1);
    expect(Math.abs(baselineMs)).toBeLessThan(1);
    expect(differenceMs).toBeCloseTo(baselineMs - rawMs, 3);
  });

  test('of a path that moves the sound by 3 ms says that the instrument is off', async () => {
    const path = await ffmpeg('off.flv', '-i', fixture.path, '-c:v', 'copy', '-af', 'adelay=3:all=1', '-c:a', 'aac');
    await expect(calibrate(fixture, path, signal)).rejects.toMatchObject({
      code: 'INSTRUMENT_OFF',
      kind: 'inconclusive',
    });
  });
});
