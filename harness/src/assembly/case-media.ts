// The media of one case: what it publishes and records, and the measurements of its recordings (each measured once).

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import {
  type Fixture,
  measureRecording,
  type Publisher,
  type Recorder,
  startPublisher,
  startRecorder,
} from '../media/index.ts';
import { TestcardError, toTestcardError } from '../model/errors.ts';
import type { Measurements, MeasureName } from '../model/measurements.ts';
import type { Activity, MediaPort, RecordingStatus, RecordingsPort } from '../model/ports.ts';
import type { ProcessGuard } from '../model/processes.ts';
import type { Case, CheckNode, StepNode } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { fixtureNamed } from './fixtures.ts';
import { type Calibration, calibrateByReference, REFERENCE } from './reference-path.ts';

export interface CaseMediaOptions {
  kase: Case;
  /** Where recordings of the case go. */
  folder: string;
  /** `as`: the publisher or recording that connects. */
  resolve(url: string, as?: string): string;
  clock: Clock;
  guard: ProcessGuard;
  emitEvent(event: TimelineEvent): void;
}

export class CaseMedia implements MediaPort, RecordingsPort {
  #options: CaseMediaOptions;
  #publications: { fixture: Fixture; publisher: Publisher }[] = [];
  #recorders = new Map<string, Recorder>();
  #recordedUrl: string | undefined;
  #calibration: Promise<Calibration | undefined> | undefined;
  #measured = new Map<string, { wanted: Set<MeasureName>; result: Measurements }>();

  constructor(options: CaseMediaOptions) {
    this.#options = options;
  }

  async publish(
    request: { fixture: string; to: string; as: string; loop?: boolean; startAtMs?: number },
    signal: AbortSignal,
  ): Promise<Activity> {
    const { resolve, clock, guard } = this.#options;
    const fixture = await fixtureNamed(request.fixture, signal);
    const publisher = await startPublisher(
      {
        name: request.as,
        path: fixture.path,
        url: resolve(request.to, request.as),
        shownAs: request.to,
        durationMs: fixture.durationMs,
        hasAudio: fixture.hasAudio,
        loop: request.loop,
        startAtMs: request.startAtMs,
      },
      { signal, clock, guard, onJoin: ({ round }) => this.#note(request.as, `round ${round + 1}`) },
    );
    this.#publications.push({ fixture, publisher });
    if (fixture.hasAudio && wantsContentSync(this.#options.kase))
      this.#calibration ??= this.#calibrate(fixture, request.to, signal);
    return publisher;
  }

  async record(request: { from: string; as: string }, signal: AbortSignal): Promise<Activity> {
    const { resolve, clock, guard, folder } = this.#options;
    this.#recordedUrl ??= resolve(request.from);
    const recorder = startRecorder(
      { name: request.as, url: resolve(request.from, request.as), shownAs: request.from, folder },
      { signal, clock, guard },
    );
    this.#recorders.set(request.as, recorder);
    return recorder;
  }

  names(): string[] {
    return [...this.#recorders.keys()];
  }

  status(name: string): RecordingStatus | undefined {
    return this.#recorders.get(name)?.status();
  }

  async measure(name: string, wanted: MeasureName[], signal: AbortSignal): Promise<Measurements> {
    const recorder = this.#recorders.get(name);
    if (!recorder) throw new TestcardError('STEP_INCONCLUSIVE', `nothing was recorded as ${name}`);
    const { state, problem } = recorder.status();
    if (state === 'failed')
      throw new TestcardError('STREAM_UNREADABLE', `recording ${name} failed: ${problem ?? 'unknown reason'}`);
    if (state === 'waiting' || state === 'recording') {
      throw new TestcardError('STEP_INCONCLUSIVE', `recording ${name} is still open (${recorder.progress()})`, {
        hint: `\`finish: ${name}\` or \`stop: ${name}\` first`,
      });
    }
    const known = this.#measured.get(name);
    if (known && wanted.every((each) => known.wanted.has(each))) return known.result;
    const all = new Set([...(known?.wanted ?? []), ...wanted]);
    const fixture = this.#publications.at(-1)?.fixture;
    const calibration = all.has('content-sync') ? await this.#calibration : undefined;
    const result = await measureRecording(recorder.path, { wanted: [...all], published: fixture, calibration, signal });
    this.#measured.set(name, { wanted: all, result });
    this.#options.emitEvent({
      type: 'measurement',
      atMs: this.#options.clock.nowMs(),
      case: this.#options.kase.id,
      recording: name,
      measurements: result,
    });
    return result;
  }

  /** Recordings of a passed case are large and tell nothing more than their measurements do. */
  discardRecordings(): void {
    for (const { path } of this.#recorders.values()) rmSync(path, { force: true });
    const { folder } = this.#options;
    if (!existsSync(folder)) return;
    const references = readdirSync(folder).filter(
      (name) => name.startsWith(`${REFERENCE}-`) && !name.endsWith('.json'),
    );
    for (const name of references) rmSync(join(folder, name), { force: true });
  }

  /** Goes on beside the case. A server that refuses the reference path leaves the instrument's own error bound as it is. */
  async #calibrate(fixture: Fixture, to: string, signal: AbortSignal): Promise<Calibration | undefined> {
    const { resolve, folder, clock, guard } = this.#options;
    try {
      const calibration = await calibrateByReference({
        fixture,
        publishUrl: resolve(to),
        recordUrl: this.#recordedUrl,
        folder,
        signal,
        clock,
        guard,
      });
      this.#note('reference', 'calibrated', calibration);
      return calibration;
    } catch (error) {
      if (!signal.aborted) this.#note('reference', 'not calibrated', toTestcardError(error).message);
      return undefined;
    }
  }

  #note(name: string, state: string, detail?: unknown): void {
    this.#options.emitEvent({
      type: 'activity',
      atMs: this.#options.clock.nowMs(),
      case: this.#options.kase.id,
      name,
      kind: 'publisher',
      state,
      detail,
    });
  }
}

/** Whether anything in the case is held to content sync: the reference is not published for nothing. */
function wantsContentSync(kase: Case): boolean {
  const asks = (checks: readonly CheckNode[] = []) =>
    checks.some(
      ({ kind, input }) => kind.key === 'recording' && (input as Record<string, unknown>)['content-sync'] !== undefined,
    );
  const inSteps = (steps: readonly StepNode[] = []): boolean =>
    steps.some(({ kind, input }) => {
      if (input === undefined) return false;
      const children = kind.children?.(input);
      return asks(children?.checks) || inSteps(children?.steps);
    });
  return asks(kase.throughout) || inSteps(kase.steps);
}
