import { describe, expect, it } from 'vitest';
import type { CheckPorts, HttpResponse } from '../model/ports.ts';
import { httpCheck } from './http.ts';

const http = 'http://worker:8000/health';
const answer = (over: Partial<HttpResponse> = {}): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"ok":true,"items":[{"name":"a"}]}',
  elapsedMs: 3,
  ...over,
});
const judge = (check: Record<string, unknown>, over: Partial<HttpResponse> = {}) =>
  httpCheck.judge(answer(over), httpCheck.schema.parse({ http, ...check }));

describe('http check', () => {
  it.each([
    [{}, {}, { status: 503 }],
    [{}, { status: 204 }, { status: 302 }],
    [{ status: 404 }, { status: 404 }, {}],
    [{ status: { 'one-of': [200, 201] } }, { status: 201 }, { status: 202 }],
    [{ json: { ok: true } }, {}, { body: '{"ok":"true"}' }],
    [{ json: { 'items.0.name': '/^a$/' } }, {}, { body: '{"items":[]}' }],
    [{ json: { items: { count: 1 } } }, {}, { body: '{"items":[1,2]}' }],
    [{ json: { ok: true } }, {}, { body: '<html>' }],
    [{ headers: { 'Content-Type': '/json/' } }, {}, { headers: { 'content-type': 'text/html' } }],
    [{ headers: { 'x-id': { not: null } } }, { headers: { 'X-Id': '7' } }, { headers: {} }],
    [{ body: '/"ok":true/' }, {}, { body: '' }],
    [{ body: { contains: 'name' } }, {}, { body: 'nothing' }],
    [{ status: 200, json: { ok: true } }, {}, { status: 500 }],
  ] as [Record<string, unknown>, Partial<HttpResponse>, Partial<HttpResponse>][])(
    '%j passes what it should and fails what it should',
    (check, good, bad) => {
      expect(judge(check, good).verdict).toBe('passed');
      expect(judge(check, bad).verdict).toBe('failed');
    },
  );

  it('says what the answer was instead', () => {
    expect(judge({}, { status: 503 })).toMatchObject({
      expected: `http ${http}: status between 200 and 299`,
      seen: 'status 503',
      last: 503,
    });
    expect(judge({ json: { ok: true, n: 1 } }, { body: '{"ok":"yes"}' }).seen).toBe(
      'json ok is "yes", json n is nothing',
    );
    expect(judge({ json: { ok: true } }, { body: '<html>', status: 502 }).seen).toBe(
      'the body (status 502) is no JSON: <html>',
    );
    expect(judge({ headers: { 'x-id': '7' } }).seen).toBe('header x-id is nothing');
  });

  it.each([[{ http: 'worker:8000' }], [{ status: 'ok' }], [{ status: 42 }], [{ headers: {} }], [{ jsn: {} }]])(
    'refuses %j',
    (check) => {
      expect(httpCheck.schema.safeParse({ http, ...check }).success).toBe(false);
    },
  );

  it('asks with GET for a bounded time, and lets no answer be inconclusive', async () => {
    const asked: unknown[] = [];
    const refused = new Error('no answer');
    const ports = {
      http: {
        request: async (request: unknown) => {
          asked.push(request);
          throw refused;
        },
      },
    };
    const input = httpCheck.schema.parse({ http });
    const signal = new AbortController().signal;
    const observing = httpCheck.observe(input, ports as unknown as CheckPorts, { fromMs: 0 }, signal);
    await expect(observing).rejects.toBe(refused);
    expect(asked).toEqual([{ method: 'GET', url: http, timeoutMs: 5_000 }]);
  });
});
