import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStepHistory, StepTimes, usualOf } from './step-history.ts';
import { eventsOf } from './testing/events.ts';

let reports: string;
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'testcard-history-'));
});
afterEach(() => rmSync(reports, { recursive: true }));

const STEP = { suite: 'a', case: 'counts', title: 'finish output' };
const e = eventsOf('counts', 0);

function storeRun(index: number, elapsedMs: number, runtime = 'embedded'): void {
  const times = new StepTimes();
  times.apply('a', e.step(0, '0', 'finish output'));
  times.apply('a', e.stepEnded(1, '0', elapsedMs));
  const folder = join(reports, `2026-11-21_08-00-${String(index).padStart(2, '0')}-1`);
  mkdirSync(folder);
  times.write(folder, runtime);
}

describe('step history', () => {
  it('has the median of earlier runs, once there are five of them', () => {
    for (const [index, ms] of [4_000, 4_100, 3_900, 9_000].entries()) storeRun(index, ms);
    expect(readStepHistory(reports, 'embedded').usual(STEP)).toBeUndefined();
    storeRun(5, 4_000);
    expect(readStepHistory(reports, 'embedded').usual(STEP)).toMatchObject({ medianMs: 4_000, runs: 5 });
    expect(readStepHistory(reports, 'embedded').usual({ ...STEP, title: 'finish input' })).toBeUndefined();
  });

  it('does not compare runtimes', () => {
    for (let index = 0; index < 5; index += 1) storeRun(index, 4_000, 'compose');
    expect(readStepHistory(reports, 'embedded').usual(STEP)).toBeUndefined();
    expect(readStepHistory(reports, 'compose').usual(STEP)).toBeDefined();
  });

  it('reads the newest runs only, and a bounded part of them', () => {
    for (let index = 0; index < 60; index += 1) storeRun(index, index < 30 ? 1_000 : 4_000);
    expect(readStepHistory(reports, 'embedded').usual(STEP)).toMatchObject({ medianMs: 4_000, runs: 20 });
  });

  it('leaves out what is no history: other files, damaged ones, large ones', () => {
    for (let index = 0; index < 5; index += 1) storeRun(index, 4_000);
    const damaged = [
      '{"runtime":"embed',
      '{"runtime":"embedded","steps":[1]}',
      `{"runtime":"embedded","steps":{"a/counts/finish output":[9000],"${'x'.repeat(600_000)}":[1]}}`,
      'null',
    ];
    for (const [index, text] of damaged.entries()) {
      mkdirSync(join(reports, `2026-11-21_09-00-0${index}-1`));
      writeFileSync(join(reports, `2026-11-21_09-00-0${index}-1`, 'step-times.json'), text);
    }
    mkdirSync(join(reports, '2026-11-21_09-00-09-1'));
    writeFileSync(join(reports, 'README.md'), '');
    expect(readStepHistory(reports, 'embedded').usual(STEP)?.runs).toBe(5);
    expect(readStepHistory(join(reports, 'none'), 'embedded').usual(STEP)).toBeUndefined();
  });

  it('counts outer steps that passed; of several of one name in a run, the median', () => {
    const times = new StepTimes();
    times.apply('a', e.step(0, '0', 'repeat'));
    times.apply('a', e.step(0, '0.0', 'finish output'));
    expect(times.apply('a', e.stepEnded(1, '0.0', 50))).toBeUndefined();
    expect(times.apply('a', e.stepEnded(1, '0', 100, 'failed'))).toBeUndefined();
    times.apply('a', e.step(0, '1', 'finish output'));
    expect(times.apply('a', e.stepEnded(1, '1', 100))).toEqual({ step: STEP, elapsedMs: 100 });
  });

  it('calls much slower what no spread of earlier runs explains, and never a second more or less', () => {
    const steady = usualOf([4_000, 4_010, 3_990, 4_000, 4_000]);
    expect(steady.limitMs).toBe(6_000);
    const wild = usualOf([2_000, 8_000, 4_000, 6_000, 5_000]);
    expect(wild.limitMs).toBeGreaterThan(10_000);
    expect(usualOf([10, 10, 10, 10, 10]).limitMs).toBe(1_010);
    // One run on a busy machine does not make slowness usual.
    expect(usualOf([4_000, 4_010, 3_990, 60_000, 4_000]).limitMs).toBeLessThan(7_000);
  });
});
