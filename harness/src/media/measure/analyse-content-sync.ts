// Lip sync as a viewer perceives it: when each beep is heard against when its own flash is seen.

import type { ContentSyncMeasure } from '../../model/measurements.ts';
import { BEEP_MS, flashFrame, flashSecond, PITCHES } from '../test-card.ts';
import { cardRate } from './card-rate.ts';
import type { SoundTrace } from './read-content.ts';
import { type FrameTrace, UNREADABLE } from './read-frames.ts';
import { labelTimeMs, samplesToMs, soundSpanMs } from './sound-clock.ts';
import { distributionOf, round3, theilSen } from './statistics.ts';

interface Flash {
  atMs: number;
  second: number;
}

interface Heard {
  atMs: number;
  pitch: number;
}

/** What an onset can be off by after AAC at 64 kbit/s or more, ms; half of that as the fixture is published. Held by a test. */
export const ONSET_ERROR_MS = 0.7;
/** A pitch comes again after eight seconds, so within four the beep that belongs to a flash is unambiguous. */
const REACH_MS = (PITCHES / 2) * 1000;
/** A beep this soon after a hole or the start of the sound may have begun in it. */
const AFTER_GAP_MS = 6;

export interface SyncContext {
  /** Half the resolution of the video and of the audio timestamps, ms. */
  resolutionMs: number;
  /** Frame rate of the publication, when known. */
  frameRate?: number | undefined;
  calibration?: { rawMs: number; baselineMs: number } | undefined;
}

/** Undefined when not one flash could be matched with its beep: no data is no measurement. */
export function analyseContentSync(
  frames: FrameTrace,
  sound: SoundTrace,
  context: SyncContext,
): ContentSyncMeasure | { unmatched: string } {
  const rate = context.frameRate ?? cardRate(frames);
  const flashes = rate === undefined ? [] : findFlashes(frames, rate);
  const beeps = findBeeps(sound);
  const pairs = matchPairs(flashes, beeps);
  const events = pairs
    .map(({ flash, beep }) => ({
      atMs: round3(flash.atMs),
      second: flash.second,
      offsetMs: round3(beep.atMs - flash.atMs),
    }))
    .sort((a, b) => a.atMs - b.atMs);
  const offset = distributionOf(events.map((event) => event.offsetMs));
  if (!offset) {
    return {
      unmatched: `no flash could be matched with a beep (${flashes.length} flashes seen, ${beeps.length} beeps heard)`,
    };
  }
  const slope = theilSen(events.map(({ atMs, offsetMs }) => ({ x: atMs, y: offsetMs })));
  const ppm = (value: number | undefined) => Math.round((value ?? 0) * 1e8) / 100;
  const [seen, heard] = [new Set(pairs.map((pair) => pair.flash)), new Set(pairs.map((pair) => pair.beep))];
  const audible = soundSpanMs(sound);
  const visible = { startMs: frames.ptsMs.at(0), endMs: frames.ptsMs.at(frames.ptsMs.length - 1) };
  // At the ends of a recording one of a pair may lie outside; that is where it was cut, not a defect.
  const inside = (atMs: number, span: { startMs: number; endMs: number }) =>
    atMs - BEEP_MS > span.startMs && atMs + BEEP_MS < span.endMs;
  const { calibration } = context;
  const bias = calibration ? Math.abs(calibration.baselineMs - calibration.rawMs) : 0;
  return {
    events,
    offset,
    unmatchedFlashes: flashes.filter((each) => !seen.has(each) && inside(each.atMs + offset.median, audible)).length,
    unmatchedBeeps: beeps.filter((each) => !heard.has(each) && inside(each.atMs - offset.median, visible)).length,
    driftPpm: { slope: ppm(slope?.slope), low: ppm(slope?.low), high: ppm(slope?.high) },
    errorBoundMs: round3(context.resolutionMs + ONSET_ERROR_MS + bias),
    ...(calibration ? { calibration } : {}),
  };
}

/** When each flash began. A flash whose first frames were lost is dated back by their number, so that loss is not taken for offset. */
function findFlashes(frames: FrameTrace, rate: number): Flash[] {
  const flashes: Flash[] = [];
  let lit = false;
  for (let i = 0; i < frames.numbers.length; i += 1) {
    const number = frames.numbers.at(i);
    if (number === UNREADABLE) continue; // neither lit nor dark
    const wasLit = lit;
    lit = frames.lit.at(i) === 1;
    if (!lit || wasLit) continue;
    const second = flashSecond(number, rate);
    const late = number - flashFrame(second, rate);
    if (late < 0 || (flashes.length === 0 && i === 0 && late > 0)) continue;
    flashes.push({ atMs: frames.ptsMs.at(i) - (late * 1000) / rate, second });
  }
  return flashes;
}

/** When each beep began, without those that were already sounding when the sound set in. */
function findBeeps(sound: SoundTrace): Heard[] {
  const holeEnds = [0, ...sound.gaps.map((gap) => gap.to)];
  return sound.beeps
    .filter(({ sample }) => !holeEnds.some((end) => Math.abs(samplesToMs(sample - end)) < AFTER_GAP_MS))
    .map(({ sample, pitch }) => ({ atMs: labelTimeMs(sound, sample), pitch }));
}

/** Pairs of the same identity, the nearest first; each flash and each beep at most once. */
function matchPairs(flashes: Flash[], beeps: Heard[]): { flash: Flash; beep: Heard }[] {
  const sorted = [...beeps].sort((a, b) => a.atMs - b.atMs);
  const candidates: { flash: Flash; beep: Heard; distance: number }[] = [];
  for (const flash of flashes) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.atMs ?? 0) < flash.atMs - REACH_MS) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < sorted.length; i += 1) {
      const beep = sorted[i] as Heard;
      if (beep.atMs > flash.atMs + REACH_MS) break;
      if (beep.pitch === flash.second % PITCHES) {
        candidates.push({ flash, beep, distance: Math.abs(beep.atMs - flash.atMs) });
      }
    }
  }
  const taken = new Set<Flash | Heard>();
  return candidates
    .sort((a, b) => a.distance - b.distance)
    .filter(({ flash, beep }) => {
      if (taken.has(flash) || taken.has(beep)) return false;
      taken.add(flash);
      taken.add(beep);
      return true;
    });
}
