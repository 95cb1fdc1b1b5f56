// Defects of the conversation with the STS: events that are lost, doubled, rewritten or made up on the way.

import { randomUUID } from 'node:crypto';
import type { Payload, StsTap } from '../mutant.ts';

export const unchanged = (): StsTap => ({});

export const sequenceOf = (fragment: Payload): number => Number(fragment.sequence_number);

/** Non-retryable errors reach the worker as retryable ones. */
export function everythingRetryable(): StsTap {
  return {
    fromServer(event, payload, wire) {
      const { error } = payload as { error?: Payload };
      wire.toWorker(event, error ? { ...payload, error: { ...error, retryable: true } } : payload);
    },
  };
}

/** Errors of one code reach the worker as ones that a retry cannot help. */
export function notRetryable(code: string): StsTap {
  return {
    fromServer(event, payload, wire) {
      const { error } = payload as { error?: Payload };
      const affected = error?.code === code;
      wire.toWorker(event, affected ? { ...payload, error: { ...error, retryable: false } } : payload);
    },
  };
}

/** A fragment of one sequence number never leaves. */
export function loseFragment(sequence: number): StsTap {
  return {
    fromWorker(event, payload, wire) {
      if (event !== 'fragment:data' || sequenceOf(payload) !== sequence) wire.toServer(event, payload);
    },
  };
}

/** Events from the worker of one kind are sent twice. */
export function sendTwice(which: string, sequence?: number): StsTap {
  return {
    fromWorker(event, payload, wire) {
      wire.toServer(event, payload);
      if (event === which && (sequence === undefined || sequenceOf(payload) === sequence))
        wire.toServer(event, payload);
    },
  };
}

/** The answer to each fragment carries the sound of the one before it. */
export function soundOfTheOneBefore(): StsTap {
  let before: unknown;
  return {
    fromServer(event, payload, wire) {
      const sound = payload.dubbed_audio;
      const stale = event === 'fragment:processed' && sound && before !== undefined;
      wire.toWorker(event, stale ? { ...payload, dubbed_audio: before } : payload);
      if (sound) before = sound;
    },
  };
}

/** Events of the STS that match do not reach the worker. */
export function hide(which: (event: string, payload: Payload) => boolean): StsTap {
  return {
    fromServer(event, payload, wire) {
      if (!which(event, payload)) wire.toWorker(event, payload);
    },
  };
}

/** Events of the STS are changed on their way to the worker. */
export function rewrite(change: (event: string, payload: Payload) => Payload): StsTap {
  return { fromServer: (event, payload, wire) => wire.toWorker(event, change(event, payload)) };
}

/**
 * The moment `armed` says so, a fragment goes out a second time under another id, and what follows is renumbered; the STS's answers to it
 * stay here. To the STS it looks like one fragment more.
 */
export function oneFragmentMore(armed: () => boolean): StsTap {
  const extra = new Set<unknown>();
  let added = 0;
  return {
    fromWorker(event, payload, wire) {
      if (event !== 'fragment:data') {
        wire.toServer(event, payload);
        return;
      }
      wire.toServer(event, { ...payload, sequence_number: sequenceOf(payload) + added });
      if (!armed()) return;
      added += 1;
      const id = randomUUID();
      extra.add(id);
      wire.toServer(event, { ...payload, fragment_id: id, sequence_number: sequenceOf(payload) + added });
    },
    fromServer(event, payload, wire) {
      if (!extra.has(payload.fragment_id)) {
        wire.toWorker(event, payload);
        return;
      }
      if (event === 'fragment:processed') {
        wire.toServer('fragment:ack', { fragment_id: payload.fragment_id, status: 'received', timestamp: Date.now() });
      }
    },
  };
}
