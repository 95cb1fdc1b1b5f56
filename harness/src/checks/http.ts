// An HTTP address: its status, headers and body.

import { z } from 'zod';
import type { CheckKind } from '../model/kinds.ts';
import { fieldPatternsField, patternField } from '../model/matcher.ts';
import { describeNumberMatcher, type NumberMatcher, numberHolds, numberMatcherField } from '../model/number-matcher.ts';
import { describeFields, describePattern, type FieldPatterns, mismatches, type Pattern } from '../model/pattern.ts';
import type { HttpResponse } from '../model/ports.ts';
import { combine, type Finding } from './combine.ts';

const TIMEOUT_MS = 5_000;
const SHOWN_CHARACTERS = 160;

interface HttpInput {
  http: string;
  status?: NumberMatcher | undefined;
  json?: Pattern | undefined;
  headers?: FieldPatterns | undefined;
  body?: Pattern | undefined;
}

const schema = z.strictObject({
  http: z
    .string()
    .regex(/^https?:\/\/[^/]+/i, { error: 'an http:// or https:// URL as the services see it' })
    .describe('URL to GET, as the services see it'),
  status: numberMatcherField(z.number().int().min(100).max(599))
    .optional()
    .describe('Status code: a number, or a map of matchers. Without any matcher it must be 200 to 299'),
  json: patternField.optional().describe('What the JSON body must fit: fields, lists of alternatives, matchers'),
  headers: fieldPatternsField.optional().describe('Headers, by name in any case'),
  body: patternField.optional().describe('The body as text: exactly this, `/found in it/`, or `{ contains: … }`'),
});

export const httpCheck: CheckKind<HttpInput, HttpResponse> = {
  key: 'http',
  docs: {
    summary:
      'The answer of an HTTP address to GET: `status`, `headers`, `json`, `body`. Without matchers the status must be 200 to 299. No answer within 5 s is inconclusive.',
    example: '- expect:\n    - http: http://worker:8000/health\n      status: 200\n      json: { ok: true }',
  },
  schema,
  describe: (input) => `http ${input.http}: ${describeDemands(input)}`,
  uses: ({ http }) => [{ kind: 'url', name: http, path: ['http'] }],
  observe: ({ http }, ports, _window, signal) =>
    ports.http.request({ method: 'GET', url: http, timeoutMs: TIMEOUT_MS }, signal),
  judge(response, input) {
    const findings: Finding[] = [];
    const status = demandedStatus(input);
    if (status) {
      findings.push({
        verdict: numberHolds(status, response.status) ? 'passed' : 'failed',
        expected: `status ${describeNumberMatcher(status)}`,
        seen: `status ${response.status}`,
      });
    }
    if (input.headers) findings.push(...judgeHeaders(input.headers, response));
    if (input.json) findings.push(judgeJson(input.json, response));
    if (input.body) findings.push(judgePattern('body', input.body, response.body));
    return {
      last: response.status,
      ...combine(`http ${input.http}`, findings),
      detail: { status: response.status, elapsedMs: response.elapsedMs, body: short(response.body) },
    };
  },
};

function demandedStatus({ status, json, headers, body }: HttpInput): NumberMatcher | undefined {
  return status ?? (json || headers || body ? undefined : { between: [200, 299] });
}

function describeDemands(input: HttpInput): string {
  const status = demandedStatus(input);
  return [
    ...(status ? [`status ${describeNumberMatcher(status)}`] : []),
    ...(input.headers ? [`headers ${describeFields(input.headers)}`] : []),
    ...(input.json ? [`json ${describePattern(input.json)}`] : []),
    ...(input.body ? [`body ${describePattern(input.body)}`] : []),
  ].join(', ');
}

function judgeHeaders(headers: FieldPatterns, response: HttpResponse): Finding[] {
  const byName = new Map(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.entries(headers).map(([name, pattern]) =>
    judgePattern(`header ${name}`, pattern, byName.get(name.toLowerCase())),
  );
}

function judgeJson(pattern: Pattern, { body, status }: HttpResponse): Finding {
  try {
    return judgePattern('json', pattern, JSON.parse(body));
  } catch {
    return {
      verdict: 'failed',
      expected: `json ${describePattern(pattern)}`,
      seen: `the body (status ${status}) is no JSON: ${short(body)}`,
    };
  }
}

function judgePattern(what: string, pattern: Pattern, value: unknown): Finding {
  const expected = `${what} ${describePattern(pattern)}`;
  const wrong = mismatches(pattern, value);
  if (wrong.length === 0) return { verdict: 'passed', expected, seen: `${what} fits` };
  const seen = wrong.map((miss) => `${miss.path === '' ? what : `${what} ${miss.path}`} is ${miss.seen}`).join(', ');
  return { verdict: 'failed', expected, seen };
}

function short(body: string): string {
  return body.length > SHOWN_CHARACTERS ? `${body.slice(0, SHOWN_CHARACTERS)}…` : body;
}
