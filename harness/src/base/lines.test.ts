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

  it('does not decode lines that are not wanted, whole or in pieces', () => {
    const lines: string[] = [];
    const splitter = splitLines(
      (line) => lines.push(line),
      undefined,
      (line) => line[0] !== 0x23,
    );
    for (const chunk of ['#no\nyes\n#n', 'o\ny', 'es\n', '#end']) splitter.push(Buffer.from(chunk));
    splitter.end();
    expect(lines).toEqual(['yes', 'yes']);
  });

  it('cuts a line that is whole in its chunk all the same', () => {
    expect(collect(['abcdef\nnext\n'], 4)).toEqual([
      ['abcd', true],
      ['next', false],
    ]);
  });
});
