import { describe, expect, it } from 'vitest';
import { BackPressure } from '../src/back-pressure.ts';

describe('back-pressure', () => {
  it('starts with nothing held back', () => {
    const pressure = new BackPressure();
    expect(pressure).toMatchObject({ paused: false, sendDelayMs: 0 });
  });

  it('delays each send by what slow_down recommends, until none', () => {
    const pressure = new BackPressure();
    pressure.apply({ action: 'slow_down', recommendedDelayMs: 700 });
    expect(pressure.sendDelayMs).toBe(700);
    pressure.apply({ action: 'slow_down', recommendedDelayMs: 200 });
    expect(pressure.sendDelayMs).toBe(200);
    pressure.apply({ action: 'none' });
    expect(pressure.sendDelayMs).toBe(0);
  });

  it('stays paused through slow_down and further pauses until a later none', () => {
    const pressure = new BackPressure();
    pressure.apply({ action: 'pause', recommendedDelayMs: 1000 });
    pressure.apply({ action: 'slow_down', recommendedDelayMs: 500 });
    pressure.apply({ action: 'pause' });
    expect(pressure.paused).toBe(true);
    pressure.apply({ action: 'none' });
    expect(pressure).toMatchObject({ paused: false, sendDelayMs: 0 });
  });

  it('does not let a delay from outside exceed its bound, and has a default for one that is missing', () => {
    const pressure = new BackPressure();
    pressure.apply({ action: 'slow_down', recommendedDelayMs: 3_600_000 });
    expect(pressure.sendDelayMs).toBe(10_000);
    pressure.apply({ action: 'slow_down' });
    expect(pressure.sendDelayMs).toBe(500);
  });

  it('forgets everything when a new session starts', () => {
    const pressure = new BackPressure();
    pressure.apply({ action: 'pause' });
    pressure.apply({ action: 'slow_down', recommendedDelayMs: 500 });
    pressure.reset();
    expect(pressure).toMatchObject({ paused: false, sendDelayMs: 0 });
  });
});
