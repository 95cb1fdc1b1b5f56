// AAC's AudioSpecificConfig (ISO 14496-3, 1.6.2.1): what both FLV's sequence header and SDP's config parameter carry.

import { ProtocolError } from '../core/protocol-error.ts';
import { BitReader } from './bit-reader.ts';

export interface AacInfo {
  sampleRate: number;
  channels: number;
  /** Samples per access unit at `sampleRate`. */
  frameSamples: number;
}

const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

export function parseAudioSpecificConfig(config: Buffer): AacInfo {
  if (config.length > 256) throw new ProtocolError('AAC configuration too long');
  const reader = new BitReader(config);
  let objectType = readObjectType(reader);
  const sampleRate = readSampleRate(reader);
  const channels = CHANNELS[reader.bits(4)] ?? 0;
  if (objectType === 5 || objectType === 29) {
    readSampleRate(reader); // the rate after spectral band replication; access units and clocks count the core's samples
    objectType = readObjectType(reader);
  }
  const short = reader.bitsLeft > 0 && objectType <= 4 && reader.flag();
  return { sampleRate, channels, frameSamples: short ? 960 : 1024 };
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4);
  const rate = index === 15 ? reader.bits(24) : SAMPLE_RATES[index];
  if (rate === undefined || rate < 1) throw new ProtocolError('AAC configuration without a sample rate');
  return rate;
}
