// Joins the two halves of decoded audio that ffmpeg writes (raw samples, and a `framecrc` line per frame) into frames
// that know their timestamp.

export interface PcmFormat {
  sampleRateHz: number;
  channels: number;
}

export interface PcmFrame {
  /** On the source clock, in samples. */
  ptsSamples: number;
  /** Interleaved. */
  samples: Int16Array;
}

const BYTES_PER_SAMPLE = 2;

export class LabelledPcm {
  #text = '';
  #bytes: Buffer[] = [];
  #bufferedBytes = 0;
  #labels: { ptsSamples: number; size: number }[] = [];
  #timeBase: { num: number; den: number } | undefined;
  #sampleRateHz: number | undefined;
  #channels: number | undefined;

  /** Known once the header lines, which precede the first frame, have been read. */
  get format(): PcmFormat | undefined {
    if (this.#sampleRateHz === undefined || this.#channels === undefined) return undefined;
    return { sampleRateHz: this.#sampleRateHz, channels: this.#channels };
  }

  pushSamples(chunk: Buffer): PcmFrame[] {
    this.#bytes.push(chunk);
    this.#bufferedBytes += chunk.length;
    return this.#takeComplete();
  }

  pushLabels(chunk: string): PcmFrame[] {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#readLine(line);
    return this.#takeComplete();
  }

  #readLine(line: string): void {
    if (line.startsWith('#')) {
      const [key, value] = splitOnce(line, ':');
      if (key === '#tb 0') {
        const [num, den] = value.split('/').map(Number);
        this.#timeBase = { num: num ?? Number.NaN, den: den ?? Number.NaN };
      } else if (key === '#sample_rate 0') {
        this.#sampleRateHz = Number(value);
      } else if (key === '#channel_layout_name 0') {
        this.#channels = value === 'mono' ? 1 : 2;
      }
      return;
    }
    // stream, dts, pts, duration, size, checksum
    const fields = line.split(',').map((field) => Number(field));
    const pts = fields[2];
    const size = fields[4];
    if (pts === undefined || size === undefined || !Number.isFinite(pts) || !Number.isFinite(size)) return;
    const { num, den } = this.#timeBase ?? { num: 1, den: this.#sampleRateHz ?? 1 };
    this.#labels.push({ ptsSamples: Math.round((pts * num * (this.#sampleRateHz ?? den)) / den), size });
  }

  #takeComplete(): PcmFrame[] {
    const frames: PcmFrame[] = [];
    let label = this.#labels[0];
    while (label && this.#bufferedBytes >= label.size) {
      frames.push({ ptsSamples: label.ptsSamples, samples: toSamples(this.#take(label.size)) });
      this.#labels.shift();
      label = this.#labels[0];
    }
    return frames;
  }

  #take(size: number): Buffer {
    const all = this.#bytes.length === 1 ? this.#bytes[0] : Buffer.concat(this.#bytes);
    const whole = all ?? Buffer.alloc(0);
    const rest = whole.subarray(size);
    this.#bytes = rest.length > 0 ? [rest] : [];
    this.#bufferedBytes = rest.length;
    return whole.subarray(0, size);
  }
}

/** Copies: a slice of a pipe's chunk need not start on an even address. ffmpeg's s16le is this machine's order. */
export function toSamples(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / BYTES_PER_SAMPLE));
  Buffer.from(samples.buffer).set(bytes.subarray(0, samples.byteLength));
  return samples;
}

export function toBytes(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length).trim()];
}
