// Names of paths, as URLs and the API give them.

/** The path that a URL names: no outer slashes, no query, bounded, and no characters that a log or an API could stumble over. */
export function normalisePath(raw: string): string | undefined {
  const path = raw.replace(/[?#].*$/s, '').replace(/^\/+|\/+$/g, '');
  if (path.length === 0 || path.length > 256) return undefined;
  if (!/^[\w.~%@:+,=-]+(\/+[\w.~%@:+,=-]+)*$/.test(path)) return undefined;
  return path.replace(/\/+/g, '/');
}
