import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPublisher } from '../publish/index.ts';
import { makeClip } from '../testing/clip.ts';
import { startRelay, type TestRelay } from '../testing/relay.ts';
import { probeStream } from './index.ts';

const never = new AbortController().signal;
let folder: string;
let relay: TestRelay;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-probe-'));
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  rmSync(folder, { recursive: true });
});

describe('probeStream', () => {
  it.each(['rtsp', 'rtmp'] as const)('names the codecs of an %s stream that can be read', async (protocol) => {
    for (const sound of [true, false]) {
      const clip = await makeClip(folder, 5, { sound });
      const url = `${relay[protocol]}/live/${sound}`;
      const publisher = await startPublisher({ ...clip, name: 'c', url }, { signal: never });
      const probe = await probeStream(url, 4_000, never);
      await publisher.stop(never);
      expect(probe).toEqual({ readable: true, video: 'h264', ...(sound ? { audio: 'aac' } : {}) });
    }
  });

  it('does not take a server that holds its readers for a stream', async () => {
    expect(await probeStream(`${relay.rtsp}/live/nobody`, 300, never)).toEqual({
      readable: false,
      reason: 'no packet within 300ms',
    });
  });

  it('says why a stream cannot be read', async () => {
    const { readable, reason } = await probeStream('rtmp://127.0.0.1:9/live/x', 2_000, never);
    expect({ readable, reason }).toEqual({ readable: false, reason: expect.stringContaining('refused') });
  });

  it('ends with its signal', async () => {
    const kase = new AbortController();
    const probing = probeStream(`${relay.rtsp}/live/nobody`, 10_000, kase.signal);
    kase.abort(new Error('time is up'));
    await expect(probing).rejects.toThrow('time is up');
  });
});
