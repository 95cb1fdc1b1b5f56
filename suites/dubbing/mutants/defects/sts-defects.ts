// Defects of the conversation with the STS: events that are lost, doubled, rewritten or made up on the way.

import { randomUUID } from 'node:crypto';
import type { Payload, StsTap, StsWire } from '../mutant.ts';

export const sequenceOf = (fragment: Payload): number => Number(fragment.sequence_number);

/** Non-retryable errors, in an answer or as an event of their own, reach the worker as retryable ones. */
export function everythingRetryable(): StsTap {
  return rewrite((event, payload) => {
    if (event === 'error') return { ...payload, retryable: true };
    const { error } = payload as { error?: Payload };
    return error ? { ...payload, error: { ...error, retryable: true } } : payload;
  });
}

/** Errors of one code, in an answer or as an event of their own, reach the worker as ones that a retry cannot help. */
export function notRetryable(code: string): StsTap {
  return rewrite((event, payload) => {
    if (event === 'error' && payload.code === code) return { ...payload, retryable: false };
    const { error } = payload as { error?: Payload };
    return error?.code === code ? { ...payload, error: { ...error, retryable: false } } : payload;
  });
}

/** Events of the worker are changed on their way to the STS; undefined: they never get there. */
export function rewriteToServer(change: (event: string, payload: Payload) => Payload | undefined): StsTap {
  return {
    fromWorker(event, payload, wire) {
      const changed = change(event, payload);
      if (changed) wire.toServer(event, changed);
    },
  };
}

/** A fragment of one sequence number never leaves. */
export function loseFragment(sequence: number): StsTap {
  return rewriteToServer((event, payload) =>
    event === 'fragment:data' && sequenceOf(payload) === sequence ? undefined : payload,
  );
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
 * Fragments that the worker itself does not know of: a copy of the last one goes out under another id, what follows is renumbered, and the
 * STS's answers to it stay here. `afterEach`: asked after every fragment of the worker. `later` is given the means to send one at any time.
 */
export function oneFragmentMore(afterEach: () => boolean, later?: (send: () => void) => void): StsTap {
  const extra = new Set<unknown>();
  let added = 0;
  let last: Payload | undefined;
  const sendCopy = (wire: StsWire): void => {
    if (!last) return;
    added += 1;
    const id = randomUUID();
    extra.add(id);
    wire.toServer('fragment:data', { ...last, fragment_id: id, sequence_number: sequenceOf(last) + added });
  };
  return {
    fromWorker(event, payload, wire) {
      if (event !== 'fragment:data') {
        wire.toServer(event, payload);
        return;
      }
      if (!last) later?.(() => sendCopy(wire));
      last = payload;
      wire.toServer(event, { ...payload, sequence_number: sequenceOf(payload) + added });
      if (afterEach()) sendCopy(wire);
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

/** A fragment and the one after it change places. */
export function swapWithNext(sequence: number): StsTap {
  let held: Payload | undefined;
  return {
    fromWorker(event, payload, wire) {
      if (event === 'fragment:data' && sequenceOf(payload) === sequence) {
        held = payload;
        return;
      }
      wire.toServer(event, payload);
      if (event !== 'fragment:data' || !held) return;
      wire.toServer(event, held);
      held = undefined;
    },
  };
}

/** The answer to one fragment is kept back until `release` is called. */
export function keepBack(sequence: number, release: (now: () => void) => void): StsTap {
  return {
    fromServer(event, payload, wire) {
      if (event === 'fragment:processed' && sequenceOf(payload) === sequence)
        release(() => wire.toWorker(event, payload));
      else wire.toWorker(event, payload);
    },
  };
}

/** Answers that `which` picks carry the fragment's own sound, and are a success. */
export function answerWithOriginal(which: (payload: Payload) => boolean): StsTap {
  const originals = new Map<unknown, unknown>();
  return {
    fromWorker(event, payload, wire) {
      if (event === 'fragment:data') originals.set(payload.fragment_id, payload.audio);
      wire.toServer(event, payload);
    },
    fromServer(event, payload, wire) {
      if (event !== 'fragment:processed') {
        wire.toWorker(event, payload);
        return;
      }
      const audio = originals.get(payload.fragment_id);
      originals.delete(payload.fragment_id);
      if (!which(payload)) wire.toWorker(event, payload);
      else wire.toWorker(event, { ...payload, status: 'success', error: null, dubbed_audio: audio });
    },
  };
}

/** An STS that says nothing for `afterMs` is said to have failed in a way that a retry cannot help. */
export function silenceIsNoFailure(afterMs: number): StsTap {
  const waiting = new Map<unknown, NodeJS.Timeout>();
  return {
    fromWorker(event, payload, wire) {
      wire.toServer(event, payload);
      if (event !== 'fragment:data') return;
      const { fragment_id } = payload;
      const error = { fragment_id, code: 'SILENT', message: 'no answer', severity: 'error', retryable: false };
      waiting.set(
        fragment_id,
        setTimeout(() => wire.toWorker('error', error), afterMs),
      );
    },
    fromServer(event, payload, wire) {
      if (event === 'fragment:processed') clearTimeout(waiting.get(payload.fragment_id));
      wire.toWorker(event, payload);
    },
  };
}

/** An answer that comes when its fragment has been given up is taken for the answer to the fragment that waits longest. */
export function lateAnswerForAnother(timeoutMs: number): StsTap {
  const sent = new Map<unknown, number>();
  return {
    fromWorker(event, payload, wire) {
      if (event === 'fragment:data') sent.set(payload.fragment_id, Date.now());
      wire.toServer(event, payload);
    },
    fromServer(event, payload, wire) {
      if (event !== 'fragment:processed') {
        wire.toWorker(event, payload);
        return;
      }
      const isLate = (id: unknown): boolean => Date.now() - (sent.get(id) ?? 0) > timeoutMs;
      const late = isLate(payload.fragment_id);
      sent.delete(payload.fragment_id);
      const another = late ? [...sent.keys()].find((id) => !isLate(id)) : undefined;
      wire.toWorker(event, another === undefined ? payload : { ...payload, fragment_id: another });
    },
  };
}
