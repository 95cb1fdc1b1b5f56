// Which fragments a session does not take, and why.

import type { InFlight } from './in-flight.ts';
import { ProtocolError } from './protocol/error-codes.ts';
import { limits } from './protocol/limits.ts';
import { decodedBytes, type FragmentData, isBase64 } from './protocol/worker-events.ts';
import type { Sequence } from './sequence.ts';

export type SessionState = 'active' | 'paused' | 'ending' | 'complete';

interface Door {
  streamId: string;
  state: SessionState;
  sequence: Sequence;
  inFlight: InFlight;
  /** Fragments whose answer has not left, and the encoded audio they hold. */
  waiting: number;
  waitingBytes: number;
}

/** Undefined when the fragment may come in. */
export function refusalOf(fragment: FragmentData, door: Door): ProtocolError | undefined {
  const { sequence_number: number, audio } = fragment;
  if (door.state !== 'active') return new ProtocolError('STREAM_NOT_FOUND', `stream ${door.streamId} is ${door.state}`);
  if (!door.sequence.allows(number)) return outOfOrder(number, door.sequence.next);
  if (door.inFlight.has(fragment.fragment_id)) {
    return new ProtocolError('INVALID_SEQUENCE', 'duplicate: this fragment_id is already in flight');
  }
  if (decodedBytes(audio.data_base64) > limits.audioBytes) {
    return new ProtocolError('FRAGMENT_TOO_LARGE', `audio is over ${limits.audioBytes} bytes`);
  }
  if (!isBase64(audio.data_base64)) return new ProtocolError('INVALID_CONFIG', 'audio.data_base64: not base64');
  const full =
    door.waiting >= limits.queuedFragments ||
    door.inFlight.size >= limits.inFlight ||
    door.waitingBytes + audio.data_base64.length > limits.queuedBytes;
  return full ? new ProtocolError('QUEUE_FULL', 'too much is waiting for its answer') : undefined;
}

function outOfOrder(received: number, expected: number): ProtocolError {
  const kind = received < expected ? 'duplicate' : 'gap';
  const message = `${kind}: expected sequence_number ${expected}, got ${received}`;
  return new ProtocolError('INVALID_SEQUENCE', message, { expected, received });
}
