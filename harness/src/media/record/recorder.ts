// Records a stream: waits, as long as it takes, until it can be read, then writes every packet until it ends or is stopped.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/duration.ts';
import { TestcardError, toTestcardError } from '../../model/errors.ts';
import type { Activity, RecordingStatus } from '../../model/ports.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { awaitPort, endpointOf } from '../ffmpeg/await-port.ts';
import { locateTool } from '../ffmpeg/locate.ts';
import type { ToolResult } from '../ffmpeg/run-tool.ts';
import { type Capture, type CaptureFacts, noFacts } from './capture.ts';
import { captureRtmp } from './capture-rtmp.ts';
import { captureRtsp } from './capture-rtsp.ts';

export interface RecordRequest {
  name: string;
  /** As this machine reaches it: rtsp:// or rtmp://. */
  url: string;
  /** The address as whoever asked wrote it, for messages. Default: `url`. */
  shownAs?: string;
  /** Gets `<name>.flv` or `<name>.nut`, and `<name>.facts.json`. */
  folder: string;
}

export interface RecordOptions {
  signal: AbortSignal;
  guard?: ProcessGuard | undefined;
  clock?: Clock;
  /** On each change of state, and after each packet. */
  onStatus?: (status: RecordingStatus) => void;
}

/** What is known of a recording apart from its packets: `<name>.facts.json`. */
export interface RecordFacts extends CaptureFacts {
  name: string;
  url: string;
  file: string;
  state: RecordingStatus['state'];
  /** When waiting for the stream began, Unix ms. */
  startedAtMs: number;
  /** Attempts at reading it, the last one included. */
  attempts: number;
  /** Why the last attempt that failed did, while waiting. */
  lastSeen?: string;
  /** How FFmpeg said the stream ended, where it said anything. */
  endReason?: string;
}

export interface Recorder extends Activity {
  kind: 'recording';
  /** The recording's file; absolute when `folder` is. There once `status().state` is no longer `waiting`. */
  path: string;
  status(): RecordingStatus;
  facts(): Readonly<RecordFacts>;
}

/** Pause between a refusal and the next attempt: what is published meanwhile is missed, so it is short. */
const RETRY_MS = 40;

/**
 * Returns at once and works in the background. `ended` resolves at the stream's end and after `stop`; it rejects with
 * STREAM_UNREADABLE when it was stopped before any packet came. Throws FFMPEG_MISSING and, for an address that is neither
 * rtsp:// nor rtmp://, STREAM_UNREADABLE.
 */
export function startRecorder({ name, url, shownAs = url, folder }: RecordRequest, options: RecordOptions): Recorder {
  const { clock = systemClock } = options;
  const endpoint = endpointOf(url);
  const isRtmp = url.startsWith('rtmp:');
  if (endpoint === undefined || !(isRtmp || url.startsWith('rtsp:'))) {
    throw new TestcardError('STREAM_UNREADABLE', `cannot record ${shownAs}: not an rtsp:// or rtmp:// address`);
  }
  locateTool('ffmpeg');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.${isRtmp ? 'flv' : 'nut'}`);
  const factsFile = join(folder, `${name}.facts.json`);

  let state: RecordingStatus['state'] = 'waiting';
  let problem: string | undefined;
  let lastSeen: string | undefined;
  let endReason: string | undefined;
  let attempts = 0;
  let capture: Capture | undefined;
  const startedAtMs = clock.nowMs();
  const stopping = new AbortController();
  const waiting = AbortSignal.any([options.signal, stopping.signal]);

  const facts = (): RecordFacts => ({
    ...{ name, url, file, state, startedAtMs, attempts },
    ...(capture?.facts ?? noFacts()),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(endReason === undefined ? {} : { endReason }),
  });
  const status = (): RecordingStatus => ({
    ...{ name, state, bytes: capture?.facts.bytes ?? 0 },
    ...(problem === undefined ? {} : { problem }),
  });
  const enter = (next: RecordingStatus['state']) => {
    state = next;
    writeWhole(factsFile, facts());
    options.onStatus?.(status());
  };

  const attempt = async (): Promise<ToolResult> => {
    attempts += 1;
    const read = isRtmp ? captureRtmp : captureRtsp;
    // Not given our own stop signal: `stop` ends it more gently, so that the file is complete.
    capture = read(
      { url, file },
      {
        signal: options.signal,
        guard: options.guard,
        clock,
        onPacket: () => {
          if (state === 'waiting') enter('recording');
          else options.onStatus?.(status());
        },
      },
    );
    const end = () => void capture?.process.stop();
    stopping.signal.addEventListener('abort', end, { once: true });
    const result = await capture.ended;
    stopping.signal.removeEventListener('abort', end);
    return result;
  };

  const run = async () => {
    while (!waiting.aborted) {
      const result = await attempt();
      if (state === 'recording') {
        endReason = result.ending === 'exited' ? result.reason : undefined;
        enter(result.ending === 'exited' ? 'ended' : 'stopped');
        return;
      }
      if (result.ending === 'exited') lastSeen = result.reason;
      // The next attempt is at once when somebody begins to listen, and soon when somebody listens but refuses.
      if (/refused/i.test(lastSeen ?? ''))
        await awaitPort(endpoint, { withinMs: 3_600_000, clock, signal: waiting }).catch(() => {});
      else await clock.delay(RETRY_MS, waiting).catch(() => {});
    }
    throw new TestcardError(
      'STREAM_UNREADABLE',
      `${shownAs} was never readable in ${formatDurationMs(clock.nowMs() - startedAtMs)}: ${lastSeen ?? 'no packet came'}`,
      { detail: facts() },
    );
  };
  const ended = run().catch((error: unknown) => {
    const failure = toTestcardError(error);
    problem = failure.message;
    enter('failed');
    if (capture?.facts.firstPacketAtMs === undefined) rmSync(file, { force: true }); // headers alone are no recording
    throw failure;
  });
  ended.catch(() => {}); // looked at by whoever stops or finishes it

  return {
    kind: 'recording',
    url: shownAs,
    ...{ name, path: file, ended, status, facts },
    async stop() {
      stopping.abort();
      await ended.catch(() => {});
    },
    progress() {
      if (state === 'waiting') return `waiting for ${shownAs}${lastSeen === undefined ? '' : ` (${lastSeen})`}`;
      if (state === 'failed') return problem ?? 'failed';
      const { firstTimestampMs = 0, lastTimestampMs = 0, bytes } = capture?.facts ?? noFacts();
      const seconds = ((lastTimestampMs - firstTimestampMs) / 1_000).toFixed(1);
      return `${seconds} s recorded, ${(bytes / 1_000_000).toFixed(1)} MB`;
    },
  };
}

/** In one piece or not at all: reports read it while the recorder may still write. */
function writeWhole(file: string, facts: RecordFacts): void {
  const draft = `${file}.tmp`;
  writeFileSync(draft, `${JSON.stringify(facts, undefined, 2)}\n`);
  renameSync(draft, file);
}
