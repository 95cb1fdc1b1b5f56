// Durations as suites write them: `500ms`, `2s`, `1m30s`, `1h`. A number without a unit is never a duration.

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/y;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds, or undefined when `text` is no duration. A sign is allowed in front (`-40ms`). */
export function parseDurationMs(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[+-]/, '');
  if (body === '') return undefined;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body);
    if (!match) return undefined;
    total += Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  }
  return sign * total;
}

/** Shortest text that means `ms`: `0ms`, `250ms`, `2.5s`, `1m30s`. */
export function formatDurationMs(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  if (abs < 1_000) return `${sign}${Number(abs.toFixed(abs < 10 ? 2 : 0))}ms`;
  if (abs < 60_000) return `${sign}${Number((abs / 1_000).toFixed(2))}s`;
  const minutes = Math.floor(abs / 60_000);
  const seconds = Number(((abs % 60_000) / 1_000).toFixed(1));
  const hours = Math.floor(minutes / 60);
  const head = hours > 0 ? `${hours}h${minutes % 60 > 0 ? `${minutes % 60}m` : ''}` : `${minutes}m`;
  return `${sign}${head}${seconds > 0 ? `${seconds}s` : ''}`;
}
