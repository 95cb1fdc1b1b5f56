// Hides secrets in everything that is shown or stored: as they are, in every mixture of the ways in which text is escaped, and in base64.

const MASK = '***';
/** Shorter values would black out ordinary text. */
const MIN_LENGTH = 3;

/** Replaces each secret wherever it stands, the longest first so that no part of one stays. */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets.flatMap((secret) => [secret, ...linesOf(secret)]))]
    .filter(({ length }) => length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
  if (known.length === 0) return (text) => text;
  const pattern = new RegExp([...known.flatMap(base64Patterns), ...known.map(escapedPattern)].join('|'), 'gu');
  return (text) => text.replace(pattern, MASK);
}

/**
 * `value` with each text in it masked, keys too, and numbers that are a secret: unlike masked JSON, it keeps its form whatever the secret is.
 */
export function maskTexts<T>(value: T, mask: (text: string) => string): T {
  if (typeof value === 'string') return mask(value) as T;
  if (typeof value === 'number') return (mask(String(value)) === MASK ? MASK : value) as T;
  if (Array.isArray(value)) return value.map((each) => maskTexts(each, mask)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [mask(key), maskTexts(each, mask)])) as T;
}

/** JSON of `value`, masked; as quick as masking its text where there is nothing to mask. */
export function maskedJson(value: unknown, mask: (text: string) => string): string {
  const text = JSON.stringify(value);
  return mask(text) === text ? text : JSON.stringify(maskTexts(value, mask));
}

/** A key or certificate is printed line by line. */
const linesOf = (secret: string): string[] =>
  secret.includes('\n') ? secret.split(/\r?\n/).map((line) => line.trim()) : [];

/**
 * Each character as it is or in any escaped form: percent-encoded (once or several times over), JSON (`\"`, `\u0040`, also inside JSON that
 * is inside JSON), XML and HTML (`&amp;`, `&#64;`), a form's `+` for a space.
 */
function escapedPattern(secret: string): string {
  return [...secret].map(anyFormOf).join('');
}

const NAMED_ENTITIES: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
const SHORT_ESCAPES: Record<string, string> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };

function anyFormOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const percent = [...Buffer.from(char, 'utf8')].map((byte) => `%(?:25)*${hexOf(byte, 2)}`).join('');
  const unicode = utf16Of(char)
    .map((unit) => `\\\\+u${hexOf(unit, 4)}`)
    .join('');
  const forms = [escapeRegExp(char), percent, unicode, `&#0*${code};`, `&#[xX]0*${hexOf(code, 1)};`];
  if (char in NAMED_ENTITIES) forms.push(`&${NAMED_ENTITIES[char]};`);
  if (char in SHORT_ESCAPES) forms.push(`\\\\+${SHORT_ESCAPES[char]}`);
  if (/["\\/']/.test(char)) forms.unshift(`\\\\+${escapeRegExp(char)}`);
  if (char === ' ') forms.push('\\+');
  return `(?:${forms.join('|')})`;
}

const utf16Of = (char: string): number[] => Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));

/** Either case of the letters. */
const hexOf = (value: number, digits: number): string =>
  value
    .toString(16)
    .padStart(digits, '0')
    .replaceAll(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BITS = 6;

/**
 * The secret inside any base64 text (`user:secret`), at each of the three places that it can have in groups of three bytes. The characters at its
 * ends also hold bits of what stands beside it: any character with the secret's own bits is meant.
 */
function base64Patterns(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].map((before) => {
    const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const unknownBefore = '?'.repeat((before * 8) % BITS);
    const padded = unknownBefore + bits;
    const unknownAfter = '?'.repeat((BITS - (padded.length % BITS)) % BITS);
    return (padded + unknownAfter).match(/.{6}/g)?.map(base64Class).join('') ?? '';
  });
}

/** Characters of either alphabet (also percent-encoded) whose six bits fit; `?` is any bit. */
function base64Class(bits: string): string {
  const fits = [...STANDARD].filter((_, value) =>
    [...value.toString(2).padStart(BITS, '0')].every((bit, index) => bits[index] === '?' || bits[index] === bit),
  );
  const plain = fits.filter((char) => char !== '+' && char !== '/').join('');
  const others = [
    ...(fits.includes('+') ? ['\\+', '-', '%2[bB]'] : []),
    ...(fits.includes('/') ? ['\\/', '_', '%2[fF]'] : []),
  ];
  return `(?:${[...(plain === '' ? [] : [`[${plain}]`]), ...others].join('|')})`;
}
