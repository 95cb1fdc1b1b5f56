import { describe, expect, it } from 'vitest';
import type { CheckPorts, StreamProbe } from '../model/ports.ts';
import { streamCheck } from './stream.ts';

const stream = 'rtmp://relay:1935/live/out';
const judge = (check: Record<string, unknown>, seen: StreamProbe) =>
  streamCheck.judge(seen, streamCheck.schema.parse({ stream, ...check }));
const both: StreamProbe = { readable: true, video: 'h264', audio: 'aac' };
const gone: StreamProbe = { readable: false, reason: 'connection refused' };

describe('stream check', () => {
  it.each([
    [{}, both, gone],
    [{ readable: true }, both, gone],
    [{ readable: false }, gone, both],
    [{ video: 'h264' }, both, { ...both, video: 'hevc' }],
    [{ video: ['h264', 'hevc'] }, both, { ...both, video: 'av1' }],
    [{ audio: 'aac' }, both, { readable: true, video: 'h264' }],
    [{ audio: 'none' }, { readable: true, video: 'h264' }, both],
    [{ video: 'h264' }, both, gone],
  ] as [Record<string, unknown>, StreamProbe, StreamProbe][])(
    '%j passes what it should and fails what it should',
    (check, good, bad) => {
      expect(judge(check, good).verdict).toBe('passed');
      expect(judge(check, bad).verdict).toBe('failed');
    },
  );

  it('says why a stream cannot be read', () => {
    expect(judge({}, gone)).toMatchObject({
      expected: `stream ${stream}: readable`,
      seen: 'not readable: connection refused',
      last: 'not readable',
    });
    expect(judge({ audio: 'aac' }, { readable: true, video: 'h264' }).seen).toBe('audio is none');
  });

  it.each([[{ stream: 'live/out' }], [{ readable: false, video: 'h264' }], [{ readable: 'yes' }], [{ codec: 'h264' }]])(
    'refuses %j',
    (check) => {
      expect(streamCheck.schema.safeParse({ stream, ...check }).success).toBe(false);
    },
  );

  it('probes the address for a bounded time, and is not looked at all through a case', async () => {
    const asked: unknown[] = [];
    const ports = { streams: { probe: async (...all: unknown[]) => asked.push(all.slice(0, 2)) && both } };
    const input = streamCheck.schema.parse({ stream });
    const signal = new AbortController().signal;
    expect(await streamCheck.observe(input, ports as unknown as CheckPorts, { fromMs: 0 }, signal)).toBe(both);
    expect(asked).toEqual([[stream, 5_000]]);
    expect(streamCheck.continuous).toBe(false);
  });
});
