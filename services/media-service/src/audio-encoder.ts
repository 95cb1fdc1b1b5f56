// One AAC encoder for the whole session, so that segments join without a seam; knows which sample each of its packets stands for.

import { startFfmpeg } from './ffmpeg-process.ts';
import { type PcmFormat, toBytes } from './labelled-pcm.ts';

/** Samples in an AAC packet, and ffmpeg's encoder delay: its first packet holds only the lead-in of the first sample. */
export const AAC_FRAME_SAMPLES = 1024;
export const AAC_PRIMING_SAMPLES = 1024;

export interface AudioEncoderOptions extends PcmFormat {
  bitrateKbps: number;
  /** Comes once, before the first packet. */
  onConfig: (audioSpecificConfig: Buffer) => void;
  /** `startSample` is where the packet's decoded sound begins, counted from the first sample written; negative for the lead-in. */
  onPacket: (packet: Buffer, startSample: number) => void;
}

export class AudioEncoder {
  readonly #options: AudioEncoderOptions;
  readonly #ffmpeg;
  /** Samples before the first one written: encoder delay, and silence. */
  readonly #leadInSamples: number;
  #pending: Buffer = Buffer.alloc(0);
  #packets = 0;
  /** Rejects with one line when the encoder fails; resolves after the last packet. */
  readonly finished: Promise<void>;

  constructor(options: AudioEncoderOptions) {
    this.#options = options;
    this.#ffmpeg = startFfmpeg({
      args: [
        ...['-f', 's16le', '-ar', String(options.sampleRateHz), '-ac', String(options.channels), '-i', 'pipe:0'],
        ...['-c:a', 'aac', '-b:a', `${options.bitrateKbps}k`, '-flush_packets', '1', '-f', 'adts', 'pipe:1'],
      ],
      stdin: 'pipe',
      stdout: 'pipe',
    });
    this.#leadInSamples = leadInSamples(options.sampleRateHz);
    this.write(new Int16Array((this.#leadInSamples - AAC_PRIMING_SAMPLES) * options.channels));
    this.#ffmpeg.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.finished = this.#ffmpeg.exited.then(({ exitCode, lastLine }) => {
      if (exitCode !== 0) throw new Error(`audio encoder ended: ${lastLine || `exit code ${exitCode}`}`);
    });
    this.finished.catch(() => {}); // its owner looks at it when it gets there
  }

  write(samples: Int16Array): void {
    this.#ffmpeg.stdin?.write(toBytes(samples));
  }

  /** No more samples: the encoder writes what it still holds, then `finished` resolves. */
  end(): void {
    this.#ffmpeg.stdin?.end();
  }

  kill(): void {
    this.#ffmpeg.kill();
  }

  /** ADTS: a 7-byte header (9 with a checksum) that carries the length and the stream's parameters. */
  #read(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= 7) {
      const length = ((bytes.readUInt8(3) & 0b11) << 11) | (bytes.readUInt8(4) << 3) | (bytes.readUInt8(5) >> 5);
      if (bytes.length < length) break;
      const headerBytes = (bytes.readUInt8(1) & 1) === 1 ? 7 : 9;
      if (this.#packets === 0) this.#options.onConfig(audioSpecificConfig(bytes));
      const startSample = this.#packets * AAC_FRAME_SAMPLES - this.#leadInSamples;
      this.#packets += 1;
      this.#options.onPacket(Buffer.from(bytes.subarray(headerBytes, length)), startSample);
      bytes = bytes.subarray(length);
    }
    this.#pending = bytes;
  }
}

/**
 * FLV has whole milliseconds, and players count samples from the first packet's timestamp: the lead-in is lengthened so that this one
 * timestamp needs no rounding (by 32 samples at 48 kHz; without it the sound would be 0.33 ms late for good).
 */
function leadInSamples(sampleRateHz: number): number {
  const leadInMs = Math.ceil((AAC_PRIMING_SAMPLES * 1000) / sampleRateHz);
  return Math.round((leadInMs * sampleRateHz) / 1000);
}

/** ISO/IEC 14496-3 §1.6.2.1: object type (5 bits), frequency index (4), channel configuration (4), from ADTS's fields. */
function audioSpecificConfig(adts: Buffer): Buffer {
  const objectType = (adts.readUInt8(2) >> 6) + 1;
  const frequencyIndex = (adts.readUInt8(2) >> 2) & 0b1111;
  const channels = ((adts.readUInt8(2) & 1) << 2) | (adts.readUInt8(3) >> 6);
  return Buffer.from([(objectType << 3) | (frequencyIndex >> 1), ((frequencyIndex & 1) << 7) | (channels << 3)]);
}
