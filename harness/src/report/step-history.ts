// How long steps took in earlier runs, and whether one takes much longer now.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TimelineEvent } from '../model/timeline.ts';

/** Beside results.json; small, so that many runs can be read before one begins. */
const FILE = 'step-times.json';
/** Newest runs that are looked at, and how much of each. */
const MOST_RUNS = 40;
const MOST_FOLDERS = 200;
const LARGEST_BYTES = 512 * 1024;
/** Of one step: older ones tell about an older pipeline. */
const MOST_TIMES = 20;
const FEWEST_TIMES = 5;
/** Steps of a run that are kept. */
const MOST_STEPS = 5_000;

const stored = z.strictObject({ runtime: z.string(), steps: z.record(z.string(), z.array(z.number().nonnegative())) });

export interface Usual {
  medianMs: number;
  /** Above it a step is much slower than it was. */
  limitMs: number;
  runs: number;
}

export interface StepName {
  suite: string;
  case: string;
  title: string;
}

/** The outer steps of one run as they end. Only those that passed: what failed took as long as it was given. */
export class StepTimes {
  readonly #titles = new Map<string, string>();
  readonly #steps = new Map<string, number[]>();

  /** The step that has just ended and how long it took, when it is one that counts. */
  apply(suite: string, event: TimelineEvent): { step: StepName; elapsedMs: number } | undefined {
    if (event.type === 'step-started' && !event.step.includes('.')) {
      this.#titles.set(`${suite} ${event.case} ${event.step}`, event.title);
    }
    if (event.type !== 'step-ended' || event.verdict !== 'passed') return undefined;
    const title = this.#titles.get(`${suite} ${event.case} ${event.step}`);
    if (title === undefined) return undefined; // an inner one
    const step = { suite, case: event.case, title };
    const times = this.#steps.get(keyOf(step));
    if (times) times.push(event.elapsedMs);
    else if (this.#steps.size < MOST_STEPS) this.#steps.set(keyOf(step), [event.elapsedMs]);
    return { step, elapsedMs: event.elapsedMs };
  }

  write(runFolder: string, runtime: string): void {
    const steps = Object.fromEntries([...this.#steps].map(([key, times]) => [key, times.map(Math.round)]));
    writeFileSync(join(runFolder, FILE), `${JSON.stringify({ runtime, steps })}\n`);
  }
}

export interface StepHistory {
  /** Undefined when too few earlier runs had the step. */
  usual(step: StepName): Usual | undefined;
}

/** Reads the newest runs of a reports folder on the same runtime, a bounded part of them. What cannot be read is as if it were not there. */
export function readStepHistory(reports: string, runtime: string): StepHistory {
  const times = new Map<string, number[]>();
  for (const run of newestRuns(reports)) {
    const steps = readRun(join(reports, run, FILE), runtime);
    for (const [key, taken] of Object.entries(steps)) {
      const known = times.get(key) ?? [];
      // One value a run, so that a run of many rounds does not outweigh all others.
      if (known.length < MOST_TIMES && taken.length > 0) times.set(key, [...known, medianOf(taken)]);
    }
  }
  return {
    usual(step) {
      const known = times.get(keyOf(step));
      return known && known.length >= FEWEST_TIMES ? usualOf(known) : undefined;
    },
  };
}

/**
 * Much slower: beyond the median by four standard deviations (estimated by the median absolute deviation, which a single outlier does not
 * move; 1.4826 is the ratio of the two for a normal distribution), by half, and by a second.
 */
export function usualOf(times: readonly number[]): Usual {
  const medianMs = medianOf(times);
  const deviation = 1.4826 * medianOf(times.map((time) => Math.abs(time - medianMs)));
  return { medianMs, limitMs: medianMs + Math.max(4 * deviation, medianMs / 2, 1_000), runs: times.length };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function newestRuns(reports: string): string[] {
  if (!existsSync(reports)) return [];
  return readdirSync(reports)
    .filter((name) => /^\d{4}-\d{2}-\d{2}_/.test(name))
    .sort()
    .slice(-MOST_FOLDERS) // runs that were interrupted early have left none
    .filter((name) => existsSync(join(reports, name, FILE)))
    .slice(-MOST_RUNS)
    .reverse();
}

function readRun(path: string, runtime: string): Record<string, number[]> {
  try {
    if (statSync(path).size > LARGEST_BYTES) return {};
    const run = stored.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return run.success && run.data.runtime === runtime ? run.data.steps : {};
  } catch {
    return {}; // a run that is being written or deleted
  }
}

const keyOf = ({ suite, case: kase, title }: StepName) => `${suite}/${kase}/${title}`;
