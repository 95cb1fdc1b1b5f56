import { describe, expect, it } from 'vitest';
import { AudioLine, type AudioLineEvent } from '../src/audio-line.ts';

const RATE = 48_000;

interface Laid {
  samples: Int16Array;
  events: AudioLineEvent[];
}

/** Lays frames of `length` samples whose labels `labelOf` gives (in samples); the sound is a 200 Hz sine unless told. */
function lay(
  frames: number,
  labelOf: (frame: number) => number,
  originMs = 0,
  skip: (frame: number) => boolean = () => false,
  length = 1024,
): Laid {
  const parts: Int16Array[] = [];
  const events: AudioLineEvent[] = [];
  const line = new AudioLine({
    sampleRateHz: RATE,
    channels: 1,
    originMs,
    emit: (samples) => parts.push(samples),
    onEvent: (event) => events.push(event),
  });
  for (let frame = 0; frame < frames; frame += 1) {
    if (skip(frame)) continue;
    const samples = Int16Array.from({ length }, (_, index) => sine(frame * length + index));
    line.push({ ptsSamples: labelOf(frame), samples });
  }
  line.end();
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  expect(line.position).toBe(total);
  const samples = new Int16Array(total);
  let offset = 0;
  for (const part of parts) {
    samples.set(part, offset);
    offset += part.length;
  }
  return { samples, events };
}

const sine = (index: number): number => Math.round(10_000 * Math.sin((2 * Math.PI * 200 * index) / RATE));

/** The largest step between neighbours: 262 for the sine itself. */
const largestStep = (samples: Int16Array): number =>
  samples.reduce(
    (most, value, index) => Math.max(most, index === 0 ? 0 : Math.abs(value - (samples[index - 1] ?? 0))),
    0,
  );

describe('audio line', () => {
  it('passes exact sound through bit for bit', () => {
    const { samples, events } = lay(500, (frame) => frame * 1024);
    expect(samples.length).toBe(512_000);
    for (let index = 0; index < samples.length; index += 1)
      if (samples[index] !== sine(index)) throw new Error(`sample ${index}`);
    expect(events).toEqual([]);
  });

  it('drops, to the sample, what lies before the first picture', () => {
    const { samples } = lay(10, (frame) => frame * 1024 - 1000);
    expect(samples[0]).toBe(sine(1000));
    expect(samples.length).toBe(10_240 - 1000);
  });

  it('starts with silence where the sound begins after the picture', () => {
    const { samples } = lay(10, (frame) => frame * 1024 + 2400, 20); // 50 ms on the source clock, 30 after the origin
    expect(samples.subarray(0, 1440).every((value) => value === 0)).toBe(true);
    expect(samples[1440 + 100]).toBe(sine(100));
  });

  it('believes the majority of the first second, not a first packet labelled by guess', () => {
    for (const wrong of [-1024, 1024, -2000]) {
      const { samples, events } = lay(200, (frame) => 1960 + frame * 1024 + (frame > 0 && frame < 8 ? wrong : 0), 62.5); // origin at 3000
      expect(samples.length).toBe(200 * 1024 - 1040);
      expect(samples[0]).toBe(sine(1040));
      expect(events).toEqual([]);
    }
  });

  it('leaves label noise of a millisecond alone', () => {
    const { samples, events } = lay(
      2000,
      (frame) => Math.round((frame * 1024) / 48 / 1) * 48 + (frame % 2 === 0 ? 24 : -24),
    );
    expect(Math.abs(samples.length - 2000 * 1024)).toBeLessThanOrEqual(24);
    expect(events).toEqual([]);
  });

  it.each([5, 13, -13, 19, -21])(
    'does not follow a step of %d ms that a receiver makes at an RTCP report',
    (stepMs) => {
      const { samples, events } = lay(1000, (frame) => frame * 1024 + (frame > 100 ? stepMs * 48 : 0));
      expect(samples.length).toBe(1_024_000);
      expect(events).toEqual([]);
    },
  );

  it('follows what many such steps make together', () => {
    const { samples, events } = lay(3000, (frame) => frame * 1024 + Math.min(5, Math.floor(frame / 200)) * 7 * 48);
    const leftOffMs = 35 - (samples.length - 3_072_000) / 48;
    expect(leftOffMs).toBeGreaterThan(14); // two steps; a third would be over the limit
    expect(leftOffMs).toBeLessThan(14 + 9);
    expect(events[0]).toMatchObject({ kind: 'drift correction started' });
  });

  it('tells a lost frame from a step', () => {
    const { events } = lay(
      1000,
      (frame) => frame * 480,
      0,
      (frame) => frame === 100,
      480,
    ); // of 10 ms: as long as a step may be
    expect(events.map(({ kind }) => kind)).toEqual(['drift correction started', 'drift correction ended']);
  });

  it.each([+0.0005, -0.0005])(
    'follows a source clock that drifts by %f, without a step, and stays within 9 ms',
    (drift) => {
      const frames = 3000; // 64 s
      const { samples, events } = lay(frames, (frame) => Math.round(frame * 1024 * (1 + drift)));
      const offBy = (samples.length - frames * 1024 * (1 + drift)) / 48;
      expect(Math.abs(offBy)).toBeLessThan(9);
      expect(largestStep(samples)).toBeLessThan(275);
      expect(events[0]).toMatchObject({ kind: 'drift correction started' });
      expect(events.some(({ kind }) => kind.startsWith('hole') || kind.startsWith('overlap'))).toBe(false);
    },
  );

  it('takes out a jump of 25 ms gradually', () => {
    const { samples, events } = lay(1000, (frame) => frame * 1024 + (frame > 100 ? 1200 : 0));
    expect(Math.abs(samples.length - 1_024_000 - 1200)).toBeLessThan(25);
    expect(largestStep(samples)).toBeLessThan(275);
    expect(events.map(({ kind }) => kind)).toEqual(['drift correction started', 'drift correction ended']);
  });

  it('fills a hole in the source with silence, to the sample', () => {
    const { samples, events } = lay(
      100,
      (frame) => frame * 1024,
      0,
      (frame) => frame >= 40 && frame < 60,
    );
    expect(samples.length).toBe(102_400);
    expect(samples.subarray(40 * 1024, 60 * 1024).every((value) => value === 0)).toBe(true);
    expect(samples[60 * 1024 + 50]).toBe(sine(60 * 1024 + 50));
    expect(events).toMatchObject([{ kind: 'hole filled' }]);
  });

  it('drops an overlap in the source', () => {
    const { samples, events } = lay(100, (frame) => (frame < 50 ? frame : frame - 10) * 1024);
    expect(samples.length).toBe(90 * 1024);
    expect(events[0]).toMatchObject({ kind: 'overlap dropped' });
  });

  it('ignores labels of another timeline, and says so', () => {
    const { samples, events } = lay(3, (frame) => (frame === 1 ? 1e12 : frame * 1024));
    expect(samples.length).toBe(2 * 1024);
    expect(events).toMatchObject([{ kind: 'timestamps jumped' }]);
  });

  it('fills with silence on demand, and drops what comes for that time later', () => {
    const parts: Int16Array[] = [];
    const line = new AudioLine({
      sampleRateHz: RATE,
      channels: 1,
      originMs: 0,
      emit: (samples) => parts.push(samples),
    });
    const push = (from: number): void => line.push({ ptsSamples: from, samples: new Int16Array(1024).fill(1) });
    push(0);
    line.fillUntil(48_000);
    push(1024);
    push(47_500);
    push(48_524);
    line.end();
    expect(line.position).toBe(48_524 + 1024);
    const sound = parts.flatMap((part) => [...part]);
    expect(sound.indexOf(0)).toBe(1024);
    expect(sound.lastIndexOf(0)).toBe(47_999);
  });
});
