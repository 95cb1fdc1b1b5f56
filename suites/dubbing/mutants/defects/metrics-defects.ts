// Defects of what is told about numbers: lines of /metrics that are wrong, stuck or missing.

export type MetricsDefect = (text: string) => string;

const lines = (text: string, change: (line: string) => string | undefined): string =>
  text
    .split('\n')
    .flatMap((line) => change(line) ?? [])
    .join('\n');

/** Samples of one metric; `series` is the name with its labels, as it stands at the line's beginning. */
function samples(change: (series: string, value: number) => string | undefined, starts: string): MetricsDefect {
  return (text) =>
    lines(text, (line) => {
      if (line.startsWith('#') || !line.startsWith(starts)) return line;
      const at = line.lastIndexOf(' ');
      return change(line.slice(0, at), Number(line.slice(at + 1)));
    });
}

export const setTo = (starts: string, value: number): MetricsDefect =>
  samples((series) => `${series} ${value}`, starts);
export const add = (starts: string, more: number): MetricsDefect =>
  samples((series, value) => `${series} ${value + more}`, starts);
export const leaveOut = (starts: string): MetricsDefect => samples(() => undefined, starts);
export const rename = (from: string, to: string): MetricsDefect =>
  samples((series, value) => `${series.replace(from, to)} ${value}`, from);

/** Never below a value that it once had. */
export function stuckAtPeak(starts: string): MetricsDefect {
  let peak = 0;
  return samples((series, value) => {
    peak = Math.max(peak, value);
    return `${series} ${peak}`;
  }, starts);
}

/** Falls back to zero once, when it has reached `at`, and counts on from there. */
export function resetAt(starts: string, at: number): MetricsDefect {
  let less = 0;
  return samples((series, value) => {
    if (value >= at) less = at;
    return `${series} ${value - less}`;
  }, starts);
}

/** The comment line of one kind (`TYPE`, `HELP`) of one metric is left out. */
export const withoutComment = (kind: 'TYPE' | 'HELP', metric: string): MetricsDefect => {
  return (text) => lines(text, (line) => (line.startsWith(`# ${kind} ${metric} `) ? undefined : line));
};

export const withType = (metric: string, type: string): MetricsDefect => {
  return (text) => lines(text, (line) => (line.startsWith(`# TYPE ${metric} `) ? `# TYPE ${metric} ${type}` : line));
};

/** Nothing of a metric, comments included. */
export const without = (metric: string): MetricsDefect => {
  const belongs = new RegExp(`^(# (TYPE|HELP) ${metric} |${metric}(_bucket|_sum|_count)?[{ ])`);
  return (text) => lines(text, (line) => (belongs.test(line) ? undefined : line));
};
