import { beforeEach, describe, expect, it } from 'vitest';
import { FLV_AUDIO, FLV_VIDEO, type FlvTag } from '../src/flv.ts';
import { Pacer } from '../src/pacer.ts';
import { FakeClock } from './fake-clock.ts';

describe('pacer', () => {
  let clock: FakeClock;
  let out: { type: number; ts: number; at: number }[];
  let grown: number[];
  let drained: boolean;
  let accept: boolean;
  let pacer: Pacer;

  beforeEach(() => {
    clock = new FakeClock();
    out = [];
    grown = [];
    drained = false;
    accept = true;
    pacer = new Pacer({
      clock,
      marginMs: 400,
      write: (tag) => {
        out.push({ type: tag.type, ts: tag.timestampMs, at: clock.now() });
        return accept;
      },
      onLagGrowth: (growthMs) => grown.push(growthMs),
      onDrained: () => {
        drained = true;
      },
    });
  });

  const tag = (type: number, timestampMs: number): FlvTag => ({ type, timestampMs, data: Buffer.alloc(0) });
  const video = (fromMs: number, toMs: number): void => {
    for (let ts = fromMs; ts < toMs; ts += 40) pacer.add(tag(FLV_VIDEO, ts));
  };
  const audio = (fromMs: number, toMs: number): void => {
    for (let ts = fromMs; ts < toMs; ts += 20) pacer.add(tag(FLV_AUDIO, ts));
  };

  it('sends nothing before there is audio to go with the picture', async () => {
    video(0, 1000);
    await clock.advance(60_000);
    expect(out).toEqual([]);
  });

  it('starts one margin after the first audio, whatever the timestamps, and keeps real time', async () => {
    video(10_000, 11_000);
    await clock.advance(6200);
    audio(9980, 11_000);
    await clock.advance(2000);
    expect(out[0]).toEqual({ type: FLV_AUDIO, ts: 9980, at: 6600 });
    for (const { ts, at } of out) expect(at - 6600 - (ts - 9980)).toBeLessThan(5);
    expect(out).toHaveLength(25 + 51);
  });

  it('merges picture and sound in time order, picture first where they are equal', async () => {
    audio(0, 1000);
    video(0, 1000);
    await clock.advance(3000);
    const order = out.map(({ ts }) => ts);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(out[0]?.type).toBe(FLV_VIDEO);
  });

  it('holds the picture back where the sound ends', async () => {
    video(0, 2000);
    audio(0, 1000);
    await clock.advance(5000);
    expect(out.filter(({ type }) => type === FLV_VIDEO).at(-1)?.ts).toBe(960);
  });

  it('grows its lag once when the next segment is late, instead of rushing', async () => {
    video(0, 4000);
    audio(0, 2000);
    await clock.advance(400 + 2000 + 3000);
    audio(2000, 4000);
    const resumedAt = clock.now();
    await clock.advance(4000);
    expect(grown).toHaveLength(1);
    expect(grown[0]).toBeGreaterThan(2900);
    const later = out.filter(({ ts }) => ts >= 2000);
    for (const { ts, at } of later) expect(Math.abs(at - resumedAt - (ts - 1980))).toBeLessThan(45);
  });

  it('catches up with a little lateness, so that the lag does not creep', async () => {
    video(0, 4000);
    audio(0, 2000);
    await clock.advance(400 + 2000 + 200);
    audio(2000, 4000);
    await clock.advance(4000);
    expect(grown).toEqual([]);
    expect(out.at(-1)?.at).toBeLessThan(400 + 3980 + 10);
  });

  it('waits while the receiver takes nothing, and loses nothing', async () => {
    video(0, 1000);
    audio(0, 1000);
    accept = false;
    await clock.advance(600);
    expect(out).toHaveLength(1);
    accept = true;
    pacer.resume();
    await clock.advance(3000);
    expect(out).toHaveLength(25 + 50);
    expect(grown).toEqual([]);
  });

  it('sends everything after the end, picture beyond the sound included, in its time', async () => {
    video(0, 1200);
    audio(0, 1000);
    await clock.advance(500);
    pacer.end();
    expect(drained).toBe(false);
    await clock.advance(400 + 1160 - 500 - 1);
    expect(drained).toBe(false);
    await clock.advance(1 + 5);
    expect(drained).toBe(true);
    expect(out).toHaveLength(30 + 50);
  });

  it('drains at once when there is nothing', () => {
    pacer.end();
    expect(drained).toBe(true);
  });

  it('knows how much it holds', async () => {
    video(0, 2000);
    expect(pacer.bufferedMs).toBe(1960);
    audio(0, 2000);
    await clock.advance(400 + 1000);
    expect(pacer.bufferedMs).toBeLessThan(1000);
    pacer.close();
    await clock.advance(10_000);
    expect(drained).toBe(false);
  });

  it('keeps no tag that is sent, over hours', async () => {
    for (let minute = 0; minute < 3; minute += 1) {
      video(minute * 60_000, (minute + 1) * 60_000);
      audio(minute * 60_000, (minute + 1) * 60_000);
      await clock.advance(60_000);
    }
    await clock.advance(1000);
    expect(out).toHaveLength(3 * (1500 + 3000));
    expect(pacer.bufferedMs).toBe(0);
  });
});
