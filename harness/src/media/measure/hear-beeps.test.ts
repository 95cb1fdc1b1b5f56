import { describe, expect, test } from 'vitest';
import { soundMaker } from '../fixture/synthesize-sound.ts';
import { type Beep, BeepDetector } from './beep-detector.ts';
import { PilotWatch } from './pilot-watch.ts';
import { ToneBank } from './tone-bank.ts';

/** The fixture's sound as FFmpeg would hand it over, changed by `change`, through the whole listening chain. */
function listen(seconds: number, change: (samples: Float32Array) => void = () => {}, noiseDb?: number) {
  const make = soundMaker({ seed: 'test', sampleRateHz: 48_000, channels: 1, frameRate: 30, noiseDb });
  const bytes = make(0, seconds * 48_000);
  const samples = Float32Array.from({ length: seconds * 48_000 }, (_, i) => bytes.readInt16LE(i * 2) / 32_768);
  change(samples);
  const beeps: Beep[] = [];
  const detector = new BeepDetector((beep) => beeps.push(beep));
  const pilot = new PilotWatch();
  const bank = new ToneBank((pitches, level, step) => {
    detector.push(pitches, step);
    pilot.pushReading(pitches, level);
  });
  // Chunks as uneven as a pipe's.
  for (let at = 0; at < samples.length; at += 1777) {
    const chunk = samples.subarray(at, at + 1777);
    bank.push(chunk);
    pilot.pushSamples(chunk);
  }
  return { beeps, ...pilot.finish() };
}

const silence = (fromMs: number, toMs: number) => (samples: Float32Array) => samples.fill(0, fromMs * 48, toMs * 48);

describe('beeps', () => {
  test('are heard at the half of each second, with the pitch of their second, to a fifth of a millisecond', () => {
    const { beeps } = listen(12);
    expect(beeps.map(({ pitch }) => pitch)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]);
    for (const [second, { sample }] of beeps.entries()) {
      expect(Math.abs(sample / 48 - (second * 1000 + 500))).toBeLessThan(0.2);
    }
  });

  test('are heard 24 dB down and in noise 14 dB below them', () => {
    const quiet = listen(9, (samples) => {
      for (let i = 0; i < samples.length; i += 1) samples[i] = (samples[i] ?? 0) * 0.065;
    });
    expect(quiet.beeps).toHaveLength(9);
    const noisy = listen(9, undefined, 14);
    expect(noisy.beeps.map(({ pitch }) => pitch)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0]);
    for (const [second, { sample }] of noisy.beeps.entries()) {
      expect(Math.abs(sample / 48 - (second * 1000 + 500))).toBeLessThan(0.5);
    }
  });

  test('with a hole in them are one beep', () => {
    const { beeps } = listen(4, silence(1540, 1560));
    expect(beeps).toHaveLength(4);
  });

  test('are not made up out of clicks', () => {
    const { beeps } = listen(3, (samples) => {
      for (const ms of [100, 900, 2100]) samples.fill(0.9, ms * 48, ms * 48 + 96);
    });
    expect(beeps).toHaveLength(3);
  });
});

describe('the pilot', () => {
  test('has no gaps in clean sound, beeps or not', () => {
    expect(listen(12)).toMatchObject({ gaps: [], pilotFound: true });
  });

  test.each([5, 12, 100, 2500])('shows a hole of %d ms to the millisecond', (lengthMs) => {
    const { gaps } = listen(8, silence(2200, 2200 + lengthMs));
    expect(gaps).toHaveLength(1);
    const [gap] = gaps;
    expect(Math.abs((gap?.from ?? 0) / 48 - 2200)).toBeLessThan(1);
    expect(Math.abs(((gap?.to ?? 0) - (gap?.from ?? 0)) / 48 - lengthMs)).toBeLessThan(1);
  });

  test('shows a hole in the middle of a beep, to the length of the window', () => {
    const { gaps } = listen(4, silence(1530, 1570));
    expect(gaps).toHaveLength(1);
    const [gap] = gaps;
    expect(Math.abs(((gap?.to ?? 0) - (gap?.from ?? 0)) / 48 - 40)).toBeLessThan(6);
  });

  test('tells of sound that set in late', () => {
    const { gaps } = listen(6, silence(0, 1300));
    expect(gaps).toHaveLength(1);
    expect(Math.abs((gaps[0]?.to ?? 0) / 48 - 1300)).toBeLessThan(1);
  });

  test('is not found in music without it, where digital silence is told instead', () => {
    const { pilotFound, gaps } = listen(4, (samples) => {
      for (let i = 0; i < samples.length; i += 1) samples[i] = 0.3 * Math.sin(i * 0.11) * Math.sin(i * 0.0007);
      samples.fill(0, 48_000, 48_000 + 960);
    });
    expect(pilotFound).toBe(false);
    expect(gaps.map(({ from, to }) => Math.round((to - from) / 48))).toContain(20);
  });
});
