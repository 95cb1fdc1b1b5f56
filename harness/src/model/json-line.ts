// A log line of a service that logs JSON. Most lines are never looked into: the object that a line is, is made when somebody asks.

import type { LogLine } from './ports.ts';

export class JsonLine implements LogLine {
  readonly atMs: number;
  readonly service: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Undefined until it is asked for, null when the line is no object (a stack trace, a banner). */
  #fields: Record<string, unknown> | null | undefined;

  constructor({ atMs, service, stream, text }: LogLine) {
    this.atMs = atMs;
    this.service = service;
    this.stream = stream;
    this.text = text;
  }

  get fields(): Record<string, unknown> | undefined {
    if (this.#fields === undefined) this.#fields = parseObject(this.text) ?? null;
    return this.#fields ?? undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>; // it starts with a brace: if it parses, it is an object
  } catch {
    return undefined; // a line of something else, or one that was cut
  }
}
