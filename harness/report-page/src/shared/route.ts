// Addresses of views: `#/`, `#/suite/<suite>`, `#/case/<suite>/<case>/<attempt>?at=<ms>&check=<n>`.

export interface Route {
  view: 'overview' | 'suite' | 'case';
  suite?: string;
  case?: string;
  /** Index of the attempt. */
  attempt: number;
  /** Instant to show, ms of the timeline. */
  atMs?: number;
  /** Changes when another view, not just another place in it, is meant. */
  key: string;
}

export function readRoute(hash = location.hash): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, suite, kase, attempt] = path.split('/').map(decodeURIComponent);
  const at = new URLSearchParams(query).get('at');
  const atMs = at === null ? Number.NaN : Number(at);
  const more = Number.isFinite(atMs) ? { atMs } : {};
  if (view === 'case' && suite && kase) {
    return { view, suite, case: kase, attempt: Number(attempt ?? 0) || 0, key: path, ...more };
  }
  if (view === 'suite' && suite) return { view, suite, attempt: 0, key: path, ...more };
  return { view: 'overview', attempt: 0, key: '', ...more };
}

export const suiteHref = (suite: string): string => `#/suite/${encodeURIComponent(suite)}`;

export function caseHref(
  suite: string,
  kase: string,
  { attempt = 0, atMs }: { attempt?: number; atMs?: number | undefined } = {},
): string {
  const path = `#/case/${encodeURIComponent(suite)}/${encodeURIComponent(kase)}`;
  return `${path}${attempt > 0 ? `/${attempt}` : ''}${atMs === undefined ? '' : `?at=${Math.round(atMs)}`}`;
}
