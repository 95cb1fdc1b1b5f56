// Durations as drivers and the environment write them: `"500ms"`, `"1.5s"`, `"2m"`.

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;

/** Milliseconds, or undefined when the text is not a duration with a unit. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m)$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}
