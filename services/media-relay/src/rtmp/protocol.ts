// RTMP's message types and fixed numbers (Adobe RTMP 1.0, 5.4, 6 and 7), and the control messages that the relay sends.

import { type AmfValue, encodeAmf } from '../codec/amf0.ts';
import type { OutgoingMessage } from './chunk-writer.ts';

export const SET_CHUNK_SIZE = 1;
export const ABORT = 2;
export const ACKNOWLEDGEMENT = 3;
export const USER_CONTROL = 4;
export const WINDOW_SIZE = 5;
export const PEER_BANDWIDTH = 6;
export const DATA_AMF3 = 15;
export const COMMAND_AMF3 = 17;
export const DATA_AMF0 = 18;
export const COMMAND_AMF0 = 20;

export const STREAM_BEGIN = 0;
export const STREAM_EOF = 1;
export const PING_REQUEST = 6;
export const PING_RESPONSE = 7;

/** The only message stream a connection gets. */
export const STREAM_ID = 1;
export const WINDOW_BYTES = 2_500_000;

function control(type: number, payload: Buffer): OutgoingMessage {
  return { chunkStream: 2, type, streamId: 0, timestampMs: 0, payload };
}

export function controlMessage(type: number, value: number): OutgoingMessage {
  const payload = Buffer.alloc(type === PEER_BANDWIDTH ? 5 : 4);
  payload.writeUInt32BE(value >>> 0, 0);
  if (type === PEER_BANDWIDTH) payload[4] = 2; // dynamic: the peer decides
  return control(type, payload);
}

export function userControl(event: number, value: number): OutgoingMessage {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(event, 0);
  payload.writeUInt32BE(value >>> 0, 2);
  return control(USER_CONTROL, payload);
}

export function command(streamId: number, ...values: readonly AmfValue[]): OutgoingMessage {
  return { chunkStream: 3, type: COMMAND_AMF0, streamId, timestampMs: 0, payload: encodeAmf(...values) };
}

export function status(level: 'status' | 'error', code: string, description: string): OutgoingMessage {
  return command(STREAM_ID, 'onStatus', 0, null, { level, code, description });
}
