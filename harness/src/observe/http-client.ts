// HTTP as suites ask for it: addresses as the services see them, redirects followed, answers bounded.

import type { Clock } from '../base/clock.ts';
import { TestcardError } from '../model/errors.ts';
import type { HttpPort } from '../model/ports.ts';
import { fetchText } from './fetch-text.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;
/** Not sent on to another origin. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** `resolve` maps an address as the services see it to one that this process reaches. */
export function createHttpClient({ resolve, clock }: { resolve: (url: string) => string; clock: Clock }): HttpPort {
  return {
    async request({ method, url, headers = {}, body, timeoutMs = DEFAULT_TIMEOUT_MS }, signal) {
      const startedAt = clock.monotonicMs();
      let next = { method: method.toUpperCase(), url, headers, body };
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const what = `${next.method} ${next.url}`;
        const target = resolve(next.url);
        if (!/^https?:\/\//.test(target) || !URL.canParse(target)) {
          throw new TestcardError('STEP_INCONCLUSIVE', `${what}: not an http:// or https:// address`);
        }
        const leftMs = timeoutMs - (clock.monotonicMs() - startedAt);
        const answer = await fetchText({ ...next, url: target, timeoutMs: Math.max(1, Math.round(leftMs)) }, signal);
        if (!answer.ok) {
          const reason = answer.why === 'timeout' ? `no answer within ${timeoutMs} ms` : answer.reason;
          const code = answer.why === 'too-large' ? 'LIMIT_EXCEEDED' : 'STEP_INCONCLUSIVE';
          throw new TestcardError(code, `${what}: ${reason}`, { detail: { target } });
        }
        const { status, headers: answered, body: text } = answer;
        const location = [301, 302, 303, 307, 308].includes(status) ? answered.location : undefined;
        if (location === undefined) {
          return { status, headers: answered, body: text, elapsedMs: clock.monotonicMs() - startedAt };
        }
        next = redirected(next, status, location);
      }
      throw new TestcardError(
        'STEP_INCONCLUSIVE',
        `${method.toUpperCase()} ${url}: more than ${MAX_REDIRECTS} redirects`,
      );
    },
  };
}

interface Next {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** The request that a redirect asks for (RFC 9110, section 15.4). A relative location stays at the address as the services see it. */
function redirected(request: Next, status: number, location: string): Next {
  const url = URL.canParse(location, request.url) ? new URL(location, request.url).href : location;
  const becomesGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const sameOrigin =
    URL.canParse(url) && URL.canParse(request.url) && new URL(url).origin === new URL(request.url).origin;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) =>
        (sameOrigin || !CREDENTIALS.has(name.toLowerCase())) &&
        !(becomesGet && name.toLowerCase().startsWith('content-')),
    ),
  );
  return becomesGet ? { method: 'GET', url, headers, body: undefined } : { ...request, url, headers };
}
