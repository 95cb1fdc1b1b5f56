// FLV audio, video and data messages, which RTMP carries unchanged (Adobe FLV specification 10.1, annex E.4).

export const FLV_AUDIO = 8;
export const FLV_VIDEO = 9;
export const FLV_DATA = 18;

export interface FlvMessage {
  readonly type: number;
  /** Milliseconds, past 32 bits once a stream has run that long. */
  readonly timestampMs: number;
  readonly payload: Buffer;
  readonly sizeBytes: number;
}

export type FlvRole = 'metadata' | 'video-config' | 'audio-config' | 'keyframe' | 'media';

export function flvMessage(type: number, timestampMs: number, payload: Buffer): FlvMessage {
  return { type, timestampMs, payload, sizeBytes: payload.length };
}

const CODEC_AVC = 7;
const CODEC_AAC = 10;
const PACKET_CONFIG = 0;

/** What a message is to a reader that joins: configuration it needs first, a frame it can start at, or neither. */
export function flvRole(message: FlvMessage): FlvRole {
  const first = message.payload[0] ?? 0;
  if (message.type === FLV_DATA) return 'metadata';
  if (message.type === FLV_AUDIO) {
    return first >> 4 === CODEC_AAC && message.payload[1] === PACKET_CONFIG ? 'audio-config' : 'media';
  }
  if (message.type !== FLV_VIDEO) return 'media';
  if ((first & 0x80) !== 0) {
    // Enhanced RTMP: frame type in three bits, then a packet type (0 is the sequence start).
    if ((first & 0x0f) === PACKET_CONFIG) return 'video-config';
    return ((first >> 4) & 7) === 1 ? 'keyframe' : 'media';
  }
  if ((first & 0x0f) === CODEC_AVC && message.payload[1] === PACKET_CONFIG) return 'video-config';
  if ((first & 0x0f) === CODEC_AVC && message.payload[1] !== 1) return 'media';
  return first >> 4 === 1 ? 'keyframe' : 'media';
}

export type FlvVideo =
  | { kind: 'config'; record: Buffer }
  | { kind: 'frame'; compositionMs: number; data: Buffer }
  | { kind: 'other' };

export function parseAvcVideo(payload: Buffer): FlvVideo {
  const first = payload[0] ?? 0;
  if (payload.length < 5 || (first & 0x80) !== 0 || (first & 0x0f) !== CODEC_AVC) return { kind: 'other' };
  if (payload[1] === PACKET_CONFIG) return { kind: 'config', record: payload.subarray(5) };
  if (payload[1] === 1) return { kind: 'frame', compositionMs: payload.readIntBE(2, 3), data: payload.subarray(5) };
  return { kind: 'other' };
}

export type FlvAudio = { kind: 'config'; record: Buffer } | { kind: 'frame'; data: Buffer } | { kind: 'other' };

export function parseAacAudio(payload: Buffer): FlvAudio {
  if (payload.length < 2 || (payload[0] ?? 0) >> 4 !== CODEC_AAC) return { kind: 'other' };
  const data = payload.subarray(2);
  if (payload[1] === PACKET_CONFIG) return { kind: 'config', record: data };
  return payload[1] === 1 ? { kind: 'frame', data } : { kind: 'other' };
}

export function avcVideoHeader(options: { keyframe: boolean; config: boolean; compositionMs: number }): Buffer {
  const header = Buffer.alloc(5);
  header[0] = ((options.keyframe ? 1 : 2) << 4) | CODEC_AVC;
  header[1] = options.config ? PACKET_CONFIG : 1;
  header.writeIntBE(options.compositionMs, 2, 3);
  return header;
}

/** AAC is always marked 44 kHz, 16 bit, stereo; the real values are in its configuration (annex E.4.2.1). */
export function aacAudioHeader(config: boolean): Buffer {
  return Buffer.from([(CODEC_AAC << 4) | 0x0f, config ? PACKET_CONFIG : 1]);
}
