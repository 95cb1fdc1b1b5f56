// What the ways to break media have in common: where they are asked for, whether anything is published there, and how they end.

import { formatDurationMs } from '../../base/duration.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultPorts, Proof, StreamLook } from '../../model/faults.ts';
import { describeMediaFault, type MediaFault, type MediaTarget } from '../../model/media-fault.ts';
import { callApi, type FaultRequest, pathFacts } from './fault-api.ts';

/** Plain data: enough to break and to mend from another process. */
export interface MediaRecord {
  /** Name of the fault at the service: chosen here, so that it can be ended even when the answer to asking for it was lost. */
  id: string;
  api: string;
  /** As whoever asked wrote it, and as this process can reach it. */
  stream: string;
  url: string;
  path: string;
  /** The publisher that was there, and for how long it had been. */
  source: string;
  publishedForMs: number;
  preparedAtMs: number;
}

/** A publisher that was accepted a moment ago may not have sent yet what its tracks are known by. */
const READY_WITHIN_MS = 500;
/** FFmpeg takes a tenth of this to start; the rest is for a machine that is busy. */
export const READABLE_WITHIN_MS = 4_000;

/** Throws FAULT_UNPROVEN when there is nothing to break: no such API, or nobody who publishes. Takes a few ms. */
export async function findPublished(
  { service, stream }: MediaTarget,
  ports: FaultPorts,
  signal: AbortSignal,
): Promise<MediaRecord> {
  const api = ports.mediaFaults(service);
  if (api === undefined) {
    throw new TestcardError('FAULT_UNPROVEN', `${service} takes no faults of media`, {
      hint: 'its Compose entry says where in x-testcard.media-faults; name the service that the stream passes',
    });
  }
  const url = ports.resolve(stream);
  const path = new URL(stream).pathname.replace(/^\/+|\/+$/g, '');
  const found = await poll(
    async (each) => {
      const facts = await pathFacts(api, path, each);
      return facts === undefined ? { done: false } : { done: true, value: facts };
    },
    { withinMs: READY_WITHIN_MS, clock: ports.clock, signal },
  );
  if (!found.ok) {
    throw new TestcardError(
      'FAULT_UNPROVEN',
      `nobody publishes on ${stream} at ${service}: there is nothing to break`,
      {
        hint: 'publish first, and write the path as the publisher does',
      },
    );
  }
  const facts = found.value;
  const preparedAtMs = ports.clock.nowMs();
  return {
    ...{ id: crypto.randomUUID(), api, stream, url, path, source: facts.source },
    publishedForMs: Math.max(0, preparedAtMs - facts.readyAtMs),
    preparedAtMs,
  };
}

/** Asks for it. Throws FAULT_UNPROVEN when the service refuses: then nothing was broken. */
export async function askFor(record: MediaRecord, fault: FaultRequest, signal: AbortSignal): Promise<void> {
  const { id, api, path } = record;
  const answer = await callApi('POST', api, signal, { id, path, ...fault });
  if (answer.ok) return;
  throw new TestcardError('FAULT_UNPROVEN', `${record.stream}: ${fault.kind} was refused: ${answer.error}`);
}

/** Ends it; one that is over already, or whose service is gone, needs no end. */
export async function endFault({ api, id }: MediaRecord, signal: AbortSignal): Promise<void> {
  const answer = await callApi('DELETE', `${api}/${id}`, signal);
  if (answer.ok || answer.status === 404 || answer.refused) return;
  throw new TestcardError('FAULT_NOT_REVERTED', `ending the fault ${id} at ${api} was refused: ${answer.error}`);
}

/** Whether the publisher that was there still is: `gone`, `another` in its place, or the `same`. */
export async function publisherNow(record: MediaRecord, signal: AbortSignal): Promise<'same' | 'another' | 'gone'> {
  const facts = await pathFacts(record.api, record.path, signal);
  if (facts === undefined) return 'gone';
  return facts.source === record.source ? 'same' : 'another';
}

/** A proof for a stream that nobody publishes any more: there is nothing left that could be broken. */
export async function provenByAbsence(record: MediaRecord, signal: AbortSignal): Promise<Proof | undefined> {
  if ((await publisherNow(record, signal)) !== 'gone') return undefined;
  return { holds: true, by: `the path ${record.path}`, seen: 'nobody publishes there any more' };
}

/** What every proof looks at, in words. */
export const readingOf = ({ stream }: MediaRecord): string => `reading ${stream}`;

export const describeAs =
  <K extends MediaFault['key']>(key: K) =>
  (input: Extract<MediaFault, { key: K }>['input']): string =>
    describeMediaFault({ key, input } as MediaFault);

/** When the stream gave nothing to look at. */
export function unreadable(record: MediaRecord, look: StreamLook): Proof | undefined {
  if (look.packets.length > 0) return undefined;
  return { holds: false, by: readingOf(record), seen: look.problem ?? 'no packet' };
}

/** Where the newest packet of a kind stands on the stream's own clock. */
export function newestMs({ packets }: StreamLook, kind: 'video' | 'audio'): number | undefined {
  return packets.findLast((packet) => packet.kind === kind && !Number.isNaN(packet.ptsMs))?.ptsMs;
}

export const seconds = (ms: number): string => formatDurationMs(Math.round(ms));
