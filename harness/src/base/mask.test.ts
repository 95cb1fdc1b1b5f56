import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMask, maskedJson, maskTexts } from './mask.ts';

const secret = 'p@ss "w/ord"+é';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const percentAll = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join('');

describe('createMask', () => {
  it.each([
    ['plain', `key=${secret};`],
    ['URL-encoded', `rtsp://u:${encodeURIComponent(secret)}@host`],
    ['URL-encoded by another encoder', `rtsp://u:${encodeURI(secret)}@host`],
    ['URL-encoded with small letters', `?key=${encodeURIComponent(secret).toLowerCase()}`],
    ['URL-encoded whole', `?key=${percentAll(secret)}`],
    ['URL-encoded twice', `?back=${encodeURIComponent(encodeURIComponent(secret))}`],
    ['in a form', new URLSearchParams({ secret }).toString()],
    ['inside JSON', JSON.stringify({ secret })],
    ['inside JSON inside JSON', JSON.stringify({ text: JSON.stringify({ secret }) })],
    ['inside JSON of ASCII only', JSON.stringify({ secret }).replace('é', '\\u00e9')],
    ['inside XML', `<a b="p@ss &quot;w/ord&quot;+é">p@ss &#34;w/ord&#x22;+&#233;</a>`],
    ['in base64', `Basic ${base64(secret)}`],
    ['in base64 for URLs', `/${Buffer.from(secret).toString('base64url')}/`],
    ['in base64 inside a URL', `?auth=${encodeURIComponent(base64(secret))}`],
    ['in base64 after one byte', `Basic ${base64(`u${secret}`)}`],
    ['in base64 after a name', `Basic ${base64(`user:${secret}`)}`],
    ['in base64 in the middle', `Basic ${base64(`us:${secret} and more`)}`],
  ])('hides a secret that is %s', (_form, text) => {
    const masked = createMask([secret])(text);
    expect(masked).toContain('***');
    expect(decodedForms(masked).filter((form) => form.includes('w/ord') || form.includes('p@ss'))).toEqual([]);
  });

  it('hides any secret in any base64 text, whatever stands beside it', () => {
    const byte = fc.string({ unit: 'binary-ascii', maxLength: 7 });
    fc.assert(
      fc.property(byte, fc.string({ minLength: 4, maxLength: 40 }), byte, (before, hidden, after) => {
        const whole = base64(before + hidden + after);
        const masked = createMask([hidden])(whole);
        expect(masked).toContain('***');
        // Of the secret's own bits none is left: what remains are the characters before its first and after its last.
        const first = Math.floor((Buffer.byteLength(before) * 8) / 6);
        expect(masked.indexOf('***')).toBeLessThanOrEqual(first);
      }),
    );
  });

  it('hides each line of a secret of several lines', () => {
    const key = '-----BEGIN KEY-----\nMIIBOgIBAAJBAKj34GkxFhD9\n-----END KEY-----\n';
    const masked = createMask([key])('wrote MIIBOgIBAAJBAKj34GkxFhD9 to disk');
    expect(masked).toBe('wrote *** to disk');
  });

  it('leaves no tail when one secret begins with another', () => {
    expect(createMask(['hunter', 'hunter2'])('is hunter2.')).toBe('is ***.');
  });

  it('leaves text alone without secrets, and does not black out one or two letters', () => {
    expect(createMask([])('abc')).toBe('abc');
    expect(createMask(['a'])('banana')).toBe('banana');
  });

  it('takes what means something in a pattern as it stands', () => {
    expect(createMask(['a.*b(c'])('a.*b(c and axxb(c')).toBe('*** and axxb(c');
  });
});

describe('maskTexts', () => {
  it('masks every text of a value and keeps its form, where masked JSON would lose it', () => {
    const value = { pin: '4711', list: ['x4711y', 4711, 47110], '"},{"': { deep: '"},{"' }, none: null };
    expect(maskTexts(value, createMask(['4711', '"},{"']))).toEqual({
      pin: '***',
      list: ['x***y', '***', 47110],
      '***': { deep: '***' },
      none: null,
    });
  });
});

describe('maskedJson', () => {
  it('stays JSON when the secret is a number or looks like JSON', () => {
    const mask = createMask(['4711', '"},{"']);
    expect(JSON.parse(maskedJson({ pin: 4711, text: 'a"},{"b', plain: 1 }, mask))).toEqual({
      pin: '***',
      text: 'a***b',
      plain: 1,
    });
    expect(maskedJson({ plain: 1 }, mask)).toBe('{"plain":1}');
  });
});

/** What a reader could make of a text. */
function decodedForms(text: string): string[] {
  const words = text.split(/[^A-Za-z0-9+/_=-]/);
  const decoded = words.flatMap((word) =>
    [0, 1, 2, 3].map((skip) => Buffer.from(word.slice(skip), 'base64').toString()),
  );
  return [text, ...decoded, decodeURIComponentOr(text)];
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(decodeURIComponent(text));
  } catch {
    return text;
  }
}
