import { describe, expect, it } from 'vitest';
import type { LogLine } from '../model/ports.ts';
import { createLogStore } from './log-store.ts';

const line = (atMs: number, text: string, service = 'json'): LogLine => ({ atMs, service, stream: 'stdout', text });
const isJson = (service: string) => service === 'json';

describe('createLogStore', () => {
  it('reads the fields of JSON lines where the service logs JSON, and only there', () => {
    const store = createLogStore({ isJson });
    for (const service of ['json', 'text']) {
      for (const text of ['{"msg":"hi","n":1}', 'plain', '{broken', '[1]', '"x"']) store.append(line(1, text, service));
    }
    expect(store.lines('json', { fromMs: 0 }).map(({ fields }) => fields)).toEqual([
      { msg: 'hi', n: 1 },
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(store.lines('text', { fromMs: 0 }).every(({ fields }) => fields === undefined)).toBe(true);
  });

  it('gives the lines that arrived within a window, ends included', () => {
    const store = createLogStore({ isJson });
    for (const atMs of [1, 3, 2, 4]) store.append(line(atMs, String(atMs)));
    expect(store.lines('json', { fromMs: 2, toMs: 3 }).map(({ text }) => text)).toEqual(['3', '2']);
    expect(store.lines('json', { fromMs: 4 })).toHaveLength(1);
    expect(store.lines('other', { fromMs: 0 })).toEqual([]);
  });

  it('drops the oldest lines beyond its limits, of that service only, and counts them', () => {
    for (const limits of [{ maxLines: 3 }, { maxBytes: 6 }]) {
      const store = createLogStore({ isJson, ...limits });
      store.append(line(0, 'x', 'text'));
      for (let atMs = 1; atMs <= 5; atMs += 1) store.append(line(atMs, 'ab'));
      expect(store.lines('json', { fromMs: 0 }).map(({ atMs }) => atMs)).toEqual([3, 4, 5]);
      expect(store.dropped('json')).toBe(2);
      expect(store.dropped('text')).toBe(0);
      expect(store.lines('text', { fromMs: 0 })).toHaveLength(1);
    }
  });

  it('knows that a window lost nothing when all that was dropped is older', () => {
    const store = createLogStore({ isJson, maxLines: 3 });
    for (let atMs = 1; atMs <= 5; atMs += 1) store.append(line(atMs, 'ab'));
    expect(store.dropped('json', { fromMs: 3 })).toBe(0);
    expect(store.dropped('json', { fromMs: 2 })).toBe(2);
  });

  it('goes on over many drops', () => {
    const store = createLogStore({ isJson, maxLines: 10 });
    for (let atMs = 1; atMs <= 5_000; atMs += 1) store.append(line(atMs, String(atMs)));
    expect(store.lines('json', { fromMs: 0 }).map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => 4_991 + index),
    );
    expect(store.dropped('json')).toBe(4_990);
  });

  it('gives the same lines again, whatever their length, stream and script', () => {
    const store = createLogStore({ isJson });
    const texts = ['', 'ß→🎬', 'x'.repeat(70_000), ...Array.from({ length: 1_200 }, (_, n) => `{"n":${n}}`)];
    for (const [atMs, text] of texts.entries())
      store.append({ ...line(atMs, text), stream: atMs % 2 === 0 ? 'stdout' : 'stderr' });
    const lines = store.lines('json', { fromMs: 0 });
    expect(lines.map(({ text }) => text)).toEqual(texts);
    expect(lines.map(({ atMs, stream }) => [atMs, stream])).toEqual(
      texts.map((_, atMs) => [atMs, atMs % 2 === 0 ? 'stdout' : 'stderr']),
    );
    expect(lines.at(-1)?.fields).toEqual({ n: 1_199 });
    store.append(line(5_000, 'later'));
    const again = store.lines('json', { fromMs: 1_000 });
    expect(again[0]).toBe(lines[1_000]);
    expect(again.at(-1)?.text).toBe('later');
  });
});
