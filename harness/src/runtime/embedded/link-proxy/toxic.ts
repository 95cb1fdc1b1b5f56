// A toxic of a proxy as the API shows it, with the type that does the work.

import { ApiError } from './api-error.ts';
import { TOXIC_TYPES } from './toxics/index.ts';
import type { Attributes, ToxicType } from './toxics/stage.ts';

export type Stream = 'upstream' | 'downstream';

export interface Toxic {
  readonly name: string;
  readonly typeName: string;
  readonly type: ToxicType;
  readonly stream: Stream;
  /** Share of connections that it works on, 0–1. */
  toxicity: number;
  attributes: Attributes;
}

export interface ToxicBody {
  name: string;
  type: string;
  stream: Stream;
  toxicity: number;
  attributes: Attributes;
}

export const toxicBody = ({ name, typeName, stream, toxicity, attributes }: Toxic): ToxicBody => ({
  attributes,
  name,
  type: typeName,
  stream,
  toxicity,
});

/** From the body of a POST. Throws ApiError as Toxiproxy answers. */
export function readToxic(body: Record<string, unknown>): Toxic {
  const stream = body.stream ?? 'downstream';
  if (stream !== 'upstream' && stream !== 'downstream') {
    throw new ApiError(400, 'stream was invalid, can be either upstream or downstream');
  }
  const typeName = typeof body.type === 'string' ? body.type : '';
  const type = Object.hasOwn(TOXIC_TYPES, typeName) ? TOXIC_TYPES[typeName] : undefined;
  if (!type) throw new ApiError(400, 'invalid toxic type');
  const name = typeof body.name === 'string' && body.name !== '' ? body.name : `${typeName}_${stream}`;
  const toxicity = readToxicity(body.toxicity) ?? 1;
  return { name, typeName, type, stream, toxicity, attributes: readAttributes(type.defaults, body.attributes) };
}

/** The parts of it that a body names. */
export function updateToxic(toxic: Toxic, body: Record<string, unknown>): void {
  const attributes = readAttributes(toxic.attributes, body.attributes);
  toxic.toxicity = readToxicity(body.toxicity) ?? toxic.toxicity;
  toxic.attributes = attributes;
}

function readToxicity(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new ApiError(400, 'bad request body: toxicity is a number');
  return value;
}

/** Unknown attributes are ignored, as Toxiproxy does. */
function readAttributes(known: Attributes, given: unknown): Attributes {
  if (given === undefined || given === null) return known;
  if (typeof given !== 'object') throw new ApiError(400, 'bad request body: attributes is an object');
  const values = given as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(known).map(([name, before]) => {
      const value = values[name] ?? before;
      if (!Number.isSafeInteger(value)) throw new ApiError(400, `bad request body: ${name} is a whole number`);
      return [name, value as number];
    }),
  );
}
