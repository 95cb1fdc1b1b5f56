// Names of metrics as suites write them and as services expose them: which series a written name stands for.

export interface ParsedName {
  base: string;
  labels: { label: string; how: '=' | '!=' | '=~' | '!~'; value: string }[];
}

export function parseName(name: string): ParsedName {
  const brace = name.indexOf('{');
  if (brace < 0) return { base: name, labels: [] };
  const labels = [...name.slice(brace).matchAll(/([A-Za-z_]\w*)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g)].map(
    ([, label = '', how = '=', value = '']) => ({ label, how: how as ParsedName['labels'][number]['how'], value }),
  );
  return { base: name.slice(0, brace), labels };
}

/** Whether a series is one of those that a written name stands for; labels that are not written may be any. */
export function isNamed(series: string, written: string, base = parseName(written).base): boolean {
  const own = parseName(series);
  if (own.base !== base) return false;
  return parseName(written).labels.every(({ label, how, value }) => {
    const has = own.labels.find((each) => each.label === label)?.value ?? '';
    if (how === '=') return has === value;
    if (how === '!=') return has !== value;
    const matches = pattern(value).test(has);
    return how === '=~' ? matches : !matches;
  });
}

/** Prometheus patterns match the whole value. What is no pattern here matches nothing. */
function pattern(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    return /(?!)/;
  }
}
