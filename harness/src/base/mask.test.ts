import { describe, expect, it } from 'vitest';
import { createMask } from './mask.ts';

describe('createMask', () => {
  const secret = 'p@ss "w/ord"';

  it.each([
    ['plain', `key=${secret};`],
    ['URL-encoded', `rtsp://u:${encodeURIComponent(secret)}@host`],
    ['inside JSON', JSON.stringify({ secret })],
    ['base64', `Basic ${Buffer.from(secret).toString('base64')}`],
  ])('hides a secret that is %s', (_form, text) => {
    const masked = createMask([secret])(text);
    expect(masked).toContain('***');
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
      expect(masked).not.toContain(form);
  });

  it('leaves no tail when one secret begins with another', () => {
    expect(createMask(['hunter', 'hunter2'])('is hunter2.')).toBe('is ***.');
  });

  it('leaves text alone without secrets, and does not black out one or two letters', () => {
    expect(createMask([])('abc')).toBe('abc');
    expect(createMask(['a'])('banana')).toBe('banana');
  });
});
