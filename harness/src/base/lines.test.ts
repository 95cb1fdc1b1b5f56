import { describe, expect, it } from 'vitest';
import { splitLines } from './lines.ts';

function collect(chunks: (string | Buffer)[], maxBytes?: number): [string, boolean][] {
  const lines: [string, boolean][] = [];
  const splitter = splitLines((line, truncated) => lines.push([line, truncated]), maxBytes);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('splitLines', () => {
  it('gives the same lines however the bytes arrive, also inside a character', () => {
    const text = Buffer.from('eins\r\nzwölf\n\nlast');
    const whole = collect([text]);
    const bytewise = collect([...text].map((byte) => Buffer.from([byte])));
    expect(whole).toEqual([
      ['eins', false],
      ['zwölf', false],
      ['', false],
      ['last', false],
    ]);
    expect(bytewise).toEqual(whole);
  });

  it('cuts a line at its limit, says so, and goes on with the next line', () => {
    expect(collect(['abcdef', 'ghi\nnext\n'], 4)).toEqual([
      ['abcd', true],
      ['next', false],
    ]);
  });
});
