// `request`: one HTTP request, held to a status and a body where the suite says so; can save values for later steps.

import { JSONPath } from 'jsonpath-plus';
import { z } from 'zod';
import { TestcardError } from '../../model/errors.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { fieldPatternsField } from '../../model/matcher.ts';
import { describeNumberMatcher, numberHolds, numberMatcherField } from '../../model/number-matcher.ts';
import { mismatches } from '../../model/pattern.ts';
import type { HttpResponse } from '../../model/ports.ts';
import { storeText } from '../../model/stored-text.ts';

const schema = z.strictObject({
  url: z.string().min(1).describe('Address as the services see it'),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']).default('GET').describe('HTTP method'),
  headers: z.record(z.string(), z.string()).optional().describe('Request headers'),
  body: z.unknown().optional().describe('Text is sent as it is; any other YAML value as JSON'),
  status: numberMatcherField(z.int()).optional().describe('Demand on the status; without it, anything below 400'),
  json: fieldPatternsField.optional().describe('Demands on the fields of a JSON answer'),
  save: z
    .record(z.string().regex(/^[A-Za-z_][\w-]*$/), z.string().startsWith('$'))
    .optional()
    .describe('Variables for later steps: name → JSON path into the answer, such as `$.id`'),
  within: durationField.optional().describe('Longest wait for the answer; default 10s'),
});
export type Request = z.output<typeof schema>;

export const requestStep: StepKind<Request> = {
  key: 'request',
  docs: {
    summary:
      'Sends an HTTP request. `status` and `json` are promises; without `status`, an answer of 400 or above is inconclusive: what the step was to bring about did not happen. `save` captures values by JSON path for `${name}` in later steps.',
    example:
      '- request:\n    method: POST\n    url: http://gateway:8080/cameras\n    body: { name: front }\n    status: 201\n    save: { camera: $.id }',
  },
  schema: () => schema,
  describe: (input) => `${input.method} ${input.url}`,
  uses: (input) => [{ kind: 'url', name: input.url, path: ['url'] }],
  defines: (input) => Object.keys(input.save ?? {}).map((name) => ({ kind: 'variable' as const, name })),
  asserts: (input) => input.status !== undefined || input.json !== undefined,
  longestMs: (input) => input.within ?? 10_000,
  async run(input, context) {
    context.progress(`an answer from ${input.url}`);
    const isText = typeof input.body === 'string';
    const response = await context.http.request(
      {
        method: input.method,
        url: input.url,
        timeoutMs: input.within ?? 10_000,
        headers: {
          ...(input.body === undefined || isText ? {} : { 'content-type': 'application/json' }),
          ...input.headers,
        },
        ...(input.body === undefined ? {} : { body: isText ? String(input.body) : JSON.stringify(input.body) }),
      },
      context.signal,
    );
    context.emitEvent({
      type: 'answer',
      atMs: context.clock.nowMs(),
      case: context.caseId,
      step: context.step ?? '',
      to: 'request',
      method: input.method,
      url: input.url,
      status: response.status,
      headers: response.headers,
      elapsedMs: response.elapsedMs,
      body: storeText(context.mask(response.body)),
    });
    Object.assign(context.saved, savedFrom(input, response));
  },
};

/** What the answer is held to; the values that it is asked for. Throws CHECK_FAILED and STEP_INCONCLUSIVE. */
export function savedFrom(input: Request, response: Pick<HttpResponse, 'status' | 'body'>): Record<string, unknown> {
  const what = `${input.method} ${input.url}`;
  if (input.status && !numberHolds(input.status, response.status)) {
    throw new TestcardError(
      'CHECK_FAILED',
      `${what}: status ${describeNumberMatcher(input.status)} — was ${response.status} ${excerpt(response.body)}`,
    );
  }
  if (!input.status && response.status >= 400) {
    throw new TestcardError(
      'STEP_INCONCLUSIVE',
      `${what} was refused with ${response.status} ${excerpt(response.body)}`,
      {
        hint: 'say which `status` is expected if this is one',
      },
    );
  }
  if (!input.json && !input.save) return {};
  const json = parseJson(what, response.body);
  if (input.json) {
    const wrong = mismatches({ kind: 'fields', fields: input.json }, json);
    if (wrong.length > 0) {
      const list = wrong.map(({ path, expected, seen }) => `${path}: ${expected}, was ${seen}`).join('; ');
      throw new TestcardError('CHECK_FAILED', `${what}: the answer fits — ${list}`);
    }
  }
  const saved: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(input.save ?? {})) {
    // `eval: false`: a path is data from a suite, filter expressions in it are not run.
    const [value] = JSONPath({ path, json: json as object, eval: false, wrap: true }) as unknown[];
    if (value === undefined) {
      throw new TestcardError('STEP_INCONCLUSIVE', `${what}: nothing to save at ${path} in ${excerpt(response.body)}`);
    }
    saved[name] = value;
  }
  return saved;
}

function parseJson(what: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new TestcardError('CHECK_FAILED', `${what}: the answer is JSON — it was ${excerpt(body)}`);
  }
}

function excerpt(body: string): string {
  const text = body.replaceAll(/\s+/g, ' ').trim();
  return text === '' ? '(no body)' : `(${text.length > 120 ? `${text.slice(0, 119)}…` : text})`;
}
