import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from './clips.ts';
import { childrenOf, echo, freePorts, living, Pipeline, until, Worker } from './pipeline.ts';

let folder: string;
let clip: string;
let silent: string;
let pipeline: Pipeline | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-service-clips-'));
  clip = join(folder, 'clip.mp4');
  silent = join(folder, 'silent.mp4');
  await makeClip(clip, { seconds: 10 });
  await makeClip(silent, { seconds: 3, audio: false });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

afterEach(async () => {
  await pipeline?.stop();
  pipeline = undefined;
});

const fatal = (worker: Worker) => worker.log.filter(({ level }) => level === 'fatal');

describe('the worker ends', () => {
  it('with code 3 after its retries when there is no source', async () => {
    const [rtsp, metrics] = await freePorts(2);
    const worker = new Worker(Number(metrics), {
      RTSP_URL: `rtsp://127.0.0.1:${rtsp}/live/in`,
      RTMP_URL: 'rtmp://127.0.0.1:9/live/out',
      STS_URL: 'http://127.0.0.1:9',
      SOURCE_RETRY_LIMIT: '2',
    });
    const startedAt = performance.now();
    expect(await worker.exited).toBe(3);
    expect(performance.now() - startedAt).toBeGreaterThan(3000);
    expect(worker.logged('source not there yet').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(fatal(worker)).toMatchObject([{ msg: 'source not available, giving up', exit_code: 3 }]);
  }, 20_000);

  it('with code 4, saying so, when the source has no audio track', async () => {
    pipeline = await Pipeline.start(echo);
    pipeline.publish(silent);
    expect(await pipeline.worker.exited).toBe(4);
    expect(fatal(pipeline.worker)).toMatchObject([{ msg: 'audio track required for dubbing', exit_code: 4 }]);
  }, 20_000);

  it('with code 6 when its output cannot be published', async () => {
    const [closed] = await freePorts(1);
    pipeline = await Pipeline.start(echo, {
      SEGMENT_DURATION_MS: '1000',
      RTMP_URL: `rtmp://127.0.0.1:${closed}/live/out`,
    });
    pipeline.publish(clip);
    expect(await pipeline.worker.exited).toBe(6);
    const [line] = fatal(pipeline.worker);
    expect(line).toMatchObject({ msg: 'rtmp publish failed', exit_code: 6 });
    expect(String(line?.error)).not.toContain('\n');
  }, 20_000);

  it('with code 6 when the relay dies under its output', async () => {
    pipeline = await Pipeline.start(echo, { SEGMENT_DURATION_MS: '1000' });
    const { worker, relay } = pipeline;
    pipeline.publish(clip);
    await until('publishing', 12_000, () => worker.logged('publishing started')[0]);
    relay.kill();
    expect(await worker.exited).toBe(6);
  }, 20_000);

  it('with code 2 and one line when it is configured wrongly', async () => {
    const [metrics] = await freePorts(1);
    const worker = new Worker(Number(metrics), { RTSP_URL: 'http://wrong', RTMP_URL: '', STS_URL: '' });
    expect(await worker.exited).toBe(2);
    expect(worker.log).toHaveLength(1);
  });

  it('with code 7 when there is no ffmpeg, and with 8 when its port is taken', async () => {
    pipeline = await Pipeline.start(echo);
    const { worker } = pipeline;
    const env = { RTSP_URL: pipeline.source, RTMP_URL: pipeline.output, STS_URL: pipeline.sts.url };
    const second = new Worker(Number(new URL(worker.url).port), env);
    expect(await second.exited).toBe(8);
    const [metrics] = await freePorts(1);
    const without = new Worker(Number(metrics), { ...env, PATH: folder });
    expect(await without.exited).toBe(7);
  }, 20_000);

  it('with code 0 within two seconds of SIGTERM in the middle of a stream, its processes gone and its output closed', async () => {
    pipeline = await Pipeline.start(echo, { SEGMENT_DURATION_MS: '1000' });
    const { worker } = pipeline;
    const recording = pipeline.record('out.flv');
    pipeline.publish(clip);
    // Only a recorder that has seen the stream notices its end; one that came too late waits for the next.
    await until('something recorded', 12_000, async () => (await stat(recording.file).catch(() => undefined))?.size);
    const children = await childrenOf(worker.child.pid);
    expect(children.length).toBeGreaterThanOrEqual(2);
    const askedAt = performance.now();
    worker.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(2000);
    expect(await living(children)).toEqual([]);
    await recording.process.exited;
    expect(worker.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  }, 30_000);

  it('and takes every ffmpeg with it when it is killed, even one that waits for a source', async () => {
    pipeline = await Pipeline.start(echo);
    const { worker } = pipeline;
    const waiting = await until('an ingest that waits', 5000, async () => {
      const children = await childrenOf(worker.child.pid);
      return children.length > 0 ? children : undefined;
    });
    worker.kill('SIGKILL');
    await until('children gone', 1000, async () => (await living(waiting)).length === 0 || undefined);
  }, 20_000);
});
