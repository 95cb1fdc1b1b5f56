// AMF0, the encoding of RTMP's commands and metadata (Adobe AMF0 specification), within bounds on depth and size.

import { ProtocolError } from '../core/protocol-error.ts';

export type AmfValue = number | boolean | string | null | undefined | AmfValue[] | { readonly [key: string]: AmfValue };

const MAX_DEPTH = 16;
const MAX_VALUES = 4096;

const NUMBER = 0;
const BOOLEAN = 1;
const STRING = 2;
const OBJECT = 3;
const NULL = 5;
const UNDEFINED = 6;
const ECMA_ARRAY = 8;
const OBJECT_END = 9;
const STRICT_ARRAY = 10;
const DATE = 11;
const LONG_STRING = 12;

/** Every value in the buffer, in order. */
export function decodeAmf(buffer: Buffer): AmfValue[] {
  const reader = new AmfReader(buffer);
  const values: AmfValue[] = [];
  while (!reader.atEnd) values.push(reader.value(0));
  return values;
}

class AmfReader {
  readonly #buffer: Buffer;
  #at = 0;
  #values = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get atEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  value(depth: number): AmfValue {
    this.#values += 1;
    if (depth > MAX_DEPTH || this.#values > MAX_VALUES) throw new ProtocolError('AMF value too deep or too large');
    const type = this.#take(1).readUInt8(0);
    switch (type) {
      case NUMBER:
        return this.#take(8).readDoubleBE(0);
      case BOOLEAN:
        return this.#take(1).readUInt8(0) !== 0;
      case STRING:
        return this.#string(this.#take(2).readUInt16BE(0));
      case LONG_STRING:
        return this.#string(this.#take(4).readUInt32BE(0));
      case OBJECT:
        return this.#properties(depth);
      case ECMA_ARRAY:
        this.#take(4); // only a hint; the end marker counts
        return this.#properties(depth);
      case STRICT_ARRAY: {
        const count = this.#take(4).readUInt32BE(0);
        if (count > MAX_VALUES) throw new ProtocolError('AMF array too large');
        return Array.from({ length: count }, () => this.value(depth + 1));
      }
      case DATE:
        return this.#take(10).readDoubleBE(0);
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      default:
        throw new ProtocolError(`unknown AMF type ${type}`);
    }
  }

  #properties(depth: number): AmfValue {
    const entries: [string, AmfValue][] = [];
    for (;;) {
      const key = this.#string(this.#take(2).readUInt16BE(0));
      if (key === '' && this.#buffer[this.#at] === OBJECT_END) {
        this.#at += 1;
        return Object.fromEntries(entries);
      }
      entries.push([key, this.value(depth + 1)]);
    }
  }

  #string(length: number): string {
    return this.#take(length).toString('utf8');
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#buffer.length) throw new ProtocolError('AMF value cut short');
    const part = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

export function encodeAmf(...values: readonly AmfValue[]): Buffer {
  return Buffer.concat(values.flatMap((value) => encodeValue(value)));
}

/** FLV metadata is by custom an ECMA array, which some players insist on. */
export function encodeAmfEcmaArray(entries: Record<string, AmfValue>): Buffer {
  const head = Buffer.from([ECMA_ARRAY, 0, 0, 0, 0]);
  head.writeUInt32BE(Object.keys(entries).length, 1);
  return Buffer.concat([head, ...encodeProperties(entries)]);
}

function encodeValue(value: AmfValue): Buffer[] {
  if (value === null) return [Buffer.from([NULL])];
  if (value === undefined) return [Buffer.from([UNDEFINED])];
  if (typeof value === 'boolean') return [Buffer.from([BOOLEAN, value ? 1 : 0])];
  if (typeof value === 'number') {
    const out = Buffer.alloc(9);
    out[0] = NUMBER;
    out.writeDoubleBE(value, 1);
    return [out];
  }
  if (typeof value === 'string') return [Buffer.from([STRING]), encodeKey(value)];
  if (Array.isArray(value)) {
    const head = Buffer.from([STRICT_ARRAY, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 1);
    return [head, ...value.flatMap((entry) => encodeValue(entry))];
  }
  return [Buffer.from([OBJECT]), ...encodeProperties(value)];
}

function encodeProperties(entries: { readonly [key: string]: AmfValue }): Buffer[] {
  const parts = Object.entries(entries).flatMap(([key, value]) => [encodeKey(key), ...encodeValue(value)]);
  return [...parts, Buffer.from([0, 0, OBJECT_END])];
}

function encodeKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(2);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
