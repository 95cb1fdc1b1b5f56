// References inside text: `${name}`, `${name.field}`, `${env.NAME:-default}`, `${secret.NAME}`, and `$${` for a literal `${`.

export type Reference =
  | { kind: 'variable'; name: string; path: string[]; written: string }
  | { kind: 'env'; name: string; fallback?: string; written: string }
  | { kind: 'secret'; name: string; written: string }
  /** Something between `${` and `}` that is no reference, or a `${` without its `}`. */
  | { kind: 'malformed'; written: string };

export type TemplatePart = string | Reference;

const OPENING = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const FROM_OUTSIDE = /^(env|secret)\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/;

/** Names that a variable can have. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Cuts text into literal parts and references; undefined when there is nothing to replace, the common case. */
export function parseTemplate(text: string): TemplatePart[] | undefined {
  if (!text.includes('${')) return undefined;
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  for (const match of text.matchAll(OPENING)) {
    literal += text.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[0] === '$${') {
      literal += '${';
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(parseReference(match[0], match[1]));
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return parts;
}

function parseReference(written: string, inner: string | undefined): Reference {
  const body = inner?.trim();
  if (body === undefined || body === '') return { kind: 'malformed', written };
  const outside = FROM_OUTSIDE.exec(body);
  if (outside) {
    const [, kind, name = '', fallback] = outside;
    if (kind === 'env') return { kind, name, written, ...(fallback === undefined ? {} : { fallback }) };
    return fallback === undefined ? { kind: 'secret', name, written } : { kind: 'malformed', written };
  }
  if (!VARIABLE.test(body)) return { kind: 'malformed', written };
  const [name = '', ...path] = body.split('.');
  if (name === 'env' || name === 'secret') return { kind: 'malformed', written };
  return { kind: 'variable', name, path, written };
}
