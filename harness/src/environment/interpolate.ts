// Compose's own variables in values: `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${VAR:+replacement}` and `$$`.

export interface Interpolation {
  value: string;
  /** Variables without value and default; Compose takes them as empty and warns. */
  missing: string[];
  /** What cannot stand: a required variable without value, or text that is no variable. */
  problems: string[];
}

type Values = Readonly<Record<string, string | undefined>>;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const MAX_DEPTH = 10;

/** Compose's specification, "Interpolation". Defaults may hold variables themselves. */
export function interpolate(text: string, values: Values, depth = 0): Interpolation {
  const result: Interpolation = { value: '', missing: [], problems: [] };
  if (!text.includes('$')) return { ...result, value: text };
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) break;
    result.value += text.slice(at, dollar);
    at = dollar + 1;
    if (text[at] === '$') {
      result.value += '$';
      at += 1;
      continue;
    }
    const braced = text[at] === '{';
    NAME.lastIndex = braced ? at + 1 : at;
    const name = NAME.exec(text)?.[0];
    if (name === undefined) {
      result.problems.push(`\`${text.slice(dollar, dollar + 20)}\` is no variable`);
      result.value += '$';
      continue;
    }
    if (!braced) {
      at += name.length;
      use(result, name, values);
      continue;
    }
    const end = closingBrace(text, at);
    if (end < 0) {
      result.problems.push(`\`${text.slice(dollar, dollar + 20)}\` has no closing brace`);
      return result;
    }
    expand(result, name, text.slice(at + 1 + name.length, end), values, depth);
    at = end + 1;
  }
  result.value += text.slice(at);
  return result;
}

function expand(result: Interpolation, name: string, rest: string, values: Values, depth: number): void {
  if (rest === '') {
    use(result, name, values);
    return;
  }
  const operator = /^:?[-?+]/.exec(rest)?.[0];
  if (operator === undefined || depth >= MAX_DEPTH) {
    result.problems.push(`\`\${${name}${rest}}\` is no form of a variable that Compose knows`);
    return;
  }
  const given = values[name];
  const isSet = given !== undefined && (!operator.startsWith(':') || given !== '');
  const word = () => {
    const inner = interpolate(rest.slice(operator.length), values, depth + 1);
    result.missing.push(...inner.missing);
    result.problems.push(...inner.problems);
    return inner.value;
  };
  if (operator.endsWith('+')) result.value += isSet ? word() : '';
  else if (isSet) result.value += given;
  else if (operator.endsWith('-')) result.value += word();
  else result.problems.push(`variable ${name} is required${rest.length > operator.length ? `: ${word()}` : ''}`);
}

function use(result: Interpolation, name: string, values: Values): void {
  const given = values[name];
  if (given === undefined) result.missing.push(name);
  result.value += given ?? '';
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{' && (at === open || text[at - 1] === '$')) depth += 1;
    else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}
