// Hides secrets in everything that is shown or stored.

const MASK = '***';
/** Shorter values would black out ordinary text. */
const MIN_LENGTH = 3;

/** Replaces each secret, also in URL-encoded, JSON-escaped and base64 form, longest first so that no part of one stays. */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_LENGTH) continue;
    const base64 = Buffer.from(secret, 'utf8').toString('base64');
    for (const form of [
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      JSON.stringify(secret).slice(1, -1),
      base64,
    ]) {
      forms.add(form);
      forms.add(form.replace(/=+$/, ''));
    }
    forms.add(base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
  }
  const ordered = [...forms].filter((form) => form.length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
  if (ordered.length === 0) return (text) => text;
  const pattern = new RegExp(ordered.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}
