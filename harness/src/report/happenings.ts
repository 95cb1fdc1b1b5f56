// What else happened around an instant of a case: faults, services that went or came, errors in logs, publishers and recordings that ended.

import type { TimelineEvent } from '../model/timeline.ts';
import { readLogLine } from './log-words.ts';

export interface Happening {
  atMs: number;
  /** Since the first step of the case began. */
  inCaseMs: number;
  /** Since the instant that is asked about: negative before it. */
  offsetMs: number;
  kind: 'fault' | 'service' | 'log' | 'activity';
  /** `bad` is what should not happen by itself. */
  weight: 'bad' | 'note';
  text: string;
  /** How many times it was there, one after the other; the times above are of the first. */
  count: number;
}

export interface Around {
  case: string;
  atMs: number;
  /** When the first step began; undefined when none did. */
  zeroMs: number | undefined;
  withinMs: number;
  /** Faults and activities that end later end because the case does. */
  decidedAtMs: number;
  /** Nothing earlier or later counts: it is of another case. */
  fromMs: number;
  untilMs: number;
}

/** More than this is no help: what tells most is kept. */
const MOST = 12;

export interface Happenings {
  shown: Happening[];
  leftOut: number;
  inForce: { title: string; sinceMs: number; isProven: boolean }[];
}

export function happeningsAround(events: readonly TimelineEvent[], around: Around): Happenings {
  const { atMs, zeroMs, withinMs, decidedAtMs, fromMs, untilMs } = around;
  const found: Happening[] = [];
  for (const event of events) {
    if (Math.abs(event.atMs - atMs) > withinMs || event.atMs < fromMs || event.atMs > untilMs) continue;
    if ('case' in event && event.case !== around.case) continue;
    const isOurs = event.type === 'fault' || event.type === 'activity' || event.type === 'service';
    if (isOurs && event.atMs > decidedAtMs) continue;
    const words = wordsOfEvent(event);
    if (!words) continue;
    // Services are brought back before a case begins: that is Testcard's own doing, unless it goes wrong.
    if (event.type === 'service' && words.weight !== 'bad' && zeroMs !== undefined && event.atMs < zeroMs) continue;
    const { kind, text } = words;
    const same = found.find((each) => each.kind === kind && each.text === text);
    if (same) same.count += 1;
    else
      found.push({
        ...words,
        atMs: event.atMs,
        inCaseMs: event.atMs - (zeroMs ?? atMs),
        offsetMs: event.atMs - atMs,
        count: 1,
      });
  }
  const shown = found
    .toSorted((a, b) => rankOf(a) - rankOf(b) || Math.abs(a.offsetMs) - Math.abs(b.offsetMs))
    .slice(0, MOST);
  return {
    shown: shown.sort((a, b) => a.atMs - b.atMs),
    leftOut: found.length - shown.length,
    inForce: faultsInForce(events, around),
  };
}

/** What should not happen by itself tells most; a warning tells least. */
const rankOf = ({ kind, weight }: Happening) => (weight === 'bad' ? 0 : kind === 'log' ? 2 : 1);

/** What is told of one event; undefined for those that tell nothing about an instant. */
export function wordsOfEvent(event: TimelineEvent): Pick<Happening, 'kind' | 'weight' | 'text'> | undefined {
  switch (event.type) {
    case 'fault': {
      // Injected is implied by proven, and reverting by reverted.
      if (event.state === 'injected' || event.state === 'reverting') return undefined;
      const isBad = event.state === 'unproven' || event.state === 'not-reverted';
      const proof = event.proof && event.state !== 'asked' ? `: ${event.proof.by}: ${event.proof.seen}` : '';
      return {
        kind: 'fault',
        weight: isBad ? 'bad' : 'note',
        text: `${event.title} ${FAULT_WORDS[event.state]}${proof}`,
      };
    }
    case 'service': {
      const isBad = event.state === 'exited' || event.state === 'failed';
      // Of a service that is up again they are those of its last end.
      const isOver = isBad || event.state === 'stopped';
      const code = event.exitCode === undefined ? '' : `, exit code ${event.exitCode}`;
      const how = !isOver ? '' : event.signal ? `, killed by ${event.signal}` : code;
      const again = event.restarts > 0 && event.state === 'starting' ? `, restart ${event.restarts}` : '';
      return { kind: 'service', weight: isBad ? 'bad' : 'note', text: `${event.service} ${event.state}${how}${again}` };
    }
    case 'activity': {
      if (event.state !== 'failed' && event.state !== 'ended') return undefined;
      const why = typeof event.detail === 'string' ? `: ${event.detail}` : '';
      const isBad = event.state === 'failed';
      return {
        kind: 'activity',
        weight: isBad ? 'bad' : 'note',
        text: `${event.kind} ${event.name} ${event.state}${why}`,
      };
    }
    case 'log': {
      const { level, text } = readLogLine(event.text);
      if (level === 'other') return undefined;
      return {
        kind: 'log',
        weight: level === 'error' ? 'bad' : 'note',
        text: `${event.service} ${level === 'error' ? 'logs an error' : 'warns'}: ${text}`,
      };
    }
    default:
      return undefined;
  }
}

const FAULT_WORDS = {
  asked: 'asked for',
  injected: 'made',
  proven: 'proven',
  unproven: 'not proven',
  reverting: 'being reverted',
  reverted: 'reverted',
  'not-reverted': 'not reverted',
} as const;

function faultsInForce(events: readonly TimelineEvent[], around: Around): Happenings['inForce'] {
  const inForce = new Map<string, { title: string; sinceMs: number; isProven: boolean }>();
  for (const event of events) {
    if (event.type !== 'fault' || event.case !== around.case) continue;
    // A proof takes a moment, and is of the time before it as well.
    if (event.atMs > around.atMs && event.state !== 'proven') continue;
    const { fault, title, state } = event;
    if (state === 'injected') inForce.set(fault, { title, sinceMs: event.atMs, isProven: false });
    const known = inForce.get(fault);
    if (known && state === 'proven') known.isProven = true;
    if (state === 'reverted') inForce.delete(fault);
  }
  return [...inForce.values()];
}
