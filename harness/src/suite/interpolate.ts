// Puts values in the place of references in one scalar. A scalar that is one reference keeps the value's type.

import type { Position } from '../model/position.ts';
import type { UnresolvedReference } from './origins.ts';
import type { Scope } from './scope.ts';
import type { Session } from './session.ts';
import { suggestion } from './suggest.ts';
import { parseTemplate, type Reference } from './template.ts';

export interface Interpolated {
  value: unknown;
  secret: boolean;
  /** True when a reference could not be replaced for a reason that is reported already. */
  broken: boolean;
  unresolved: UnresolvedReference[];
}

export interface InterpolateOptions {
  scope: Scope;
  session: Session;
  /** Where in the file a reference stands. */
  at(written: string): Position;
  /** What stands for a reference without a value when it is a scalar of its own; default its own text. */
  placeholder?: unknown;
  /** False where nothing saved at run time can be meant: unknown names are then reported here. */
  allowSaved: boolean;
}

export function interpolate(text: string, options: InterpolateOptions): Interpolated {
  const parts = parseTemplate(text);
  const result: Interpolated = { value: text, secret: false, broken: false, unresolved: [] };
  if (!parts) return result;
  const whole = parts.length === 1;
  const values = parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = resolve(part, result, options, whole);
    return whole ? value : inText(value, part, result, options);
  });
  result.value = whole ? values[0] : values.join('');
  return result;
}

function resolve(reference: Reference, result: Interpolated, options: InterpolateOptions, whole: boolean): unknown {
  const { session, at } = options;
  const fail = (message: string, hint?: string) => {
    session.error(message, at(reference.written), hint);
    result.broken = true;
    return reference.written;
  };
  switch (reference.kind) {
    case 'malformed':
      return fail(
        `\`${reference.written}\` is not a reference`,
        'references are ${name}, ${env.NAME}, ${env.NAME:-default} and ${secret.NAME}; write $${ for a literal ${',
      );
    case 'env': {
      const value = session.env[reference.name];
      // As in a shell, `:-` also replaces an empty value.
      if (reference.fallback !== undefined) return value === undefined || value === '' ? reference.fallback : value;
      if (value !== undefined) return value;
      return fail(
        `the environment variable ${reference.name} is not set`,
        `set it, or give a default: \${env.${reference.name}:-…}`,
      );
    }
    case 'secret': {
      const value = session.env[reference.name];
      if (value === undefined || value === '') {
        return fail(
          `the secret ${reference.name} is not set`,
          `secrets are read from the process environment: set ${reference.name} there`,
        );
      }
      session.secrets.add(value);
      result.secret = true;
      return value;
    }
    case 'variable':
      return resolveVariable(reference, result, options, whole, fail);
  }
}

function resolveVariable(
  reference: Extract<Reference, { kind: 'variable' }>,
  result: Interpolated,
  options: InterpolateOptions,
  whole: boolean,
  fail: (message: string, hint?: string) => unknown,
): unknown {
  const { scope, session } = options;
  const found = scope.lookup(reference.name);
  if (found === 'cycle') return fail(`the variable ${reference.name} is defined by itself`);
  if (found === undefined) {
    if (!options.allowSaved) {
      return fail(
        `unknown variable \`${reference.name}\``,
        suggestion(reference.name, scope.names(), 'variables here', 'define it under `vars`'),
      );
    }
    session.hasUnresolved = true;
    result.unresolved.push({ name: reference.name, position: options.at(reference.written) });
    return whole && 'placeholder' in options ? options.placeholder : reference.written;
  }
  if (found.secret) result.secret = true;
  if (found.broken) {
    result.broken = true;
    return reference.written;
  }
  let value = found.value;
  for (const key of reference.path) {
    const inside: unknown = value;
    if (typeof inside !== 'object' || inside === null || !Object.hasOwn(inside, key)) {
      const keys = typeof inside === 'object' && inside !== null ? Object.keys(inside) : [];
      return fail(
        `\`${reference.written}\`: there is no \`${key}\` in it`,
        suggestion(key, keys, 'it has', 'it is neither a map nor a list'),
      );
    }
    value = (inside as Record<string, unknown>)[key];
  }
  return value;
}

function inText(value: unknown, part: Reference, result: Interpolated, options: InterpolateOptions): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  if (!result.broken) {
    options.session.error(
      `\`${part.written}\` is a ${Array.isArray(value) ? 'list' : 'map'} and cannot stand inside text`,
      options.at(part.written),
      'let it be the whole value, or name one of its fields: ${name.field}',
    );
  }
  result.broken = true;
  return part.written;
}
