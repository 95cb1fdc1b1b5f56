import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { UNICODE } from './chars.ts';
import { cellsOf, fitSegments, oneLine, wrapText } from './fit-text.ts';

describe('fitSegments', () => {
  it('cuts by cells, not by characters, and never splits what is seen as one', () => {
    expect(fitSegments([['字幕字幕']], 8, '…')).toBe('字幕字幕');
    expect(fitSegments([['字幕字幕']], 7, '…')).toBe('字幕字…');
    expect(fitSegments([['字幕字幕']], 6, '…')).toBe('字幕…');
    expect(fitSegments([['👩‍👩‍👧x👩‍👩‍👧']], 4, '…')).toBe('👩‍👩‍👧x…');
    expect(fitSegments([['e\u0301a\u0301o']], 2, '…')).toBe('e\u0301…');
  });

  it('cuts across segments, each in its colour, and leaves out those beyond', () => {
    const paint = (text: string) => `<${text}>`;
    expect(fitSegments([['abc'], ['def', paint], ['ghi', paint]], 5, '…')).toBe('abc<d>…');
    expect(fitSegments([['abc'], ['def', paint]], 6, '…')).toBe('abc<def>');
    expect(fitSegments([['abc']], 0, '…')).toBe('');
  });
});

describe('cellsOf', () => {
  it('takes no shortcut to another width than the table gives, for any character of the basic plane', () => {
    const wrong: string[] = [];
    for (let code = 0x20; code < 0xd800; code += 1) {
      const char = String.fromCodePoint(code);
      if (cellsOf(char) !== stringWidth(char)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
    for (const sign of Object.values(UNICODE)
      .flat()
      .filter((each) => typeof each === 'string')) {
      expect(cellsOf(sign), sign).toBe([...sign].length);
    }
  });
});

describe('wrapText', () => {
  it('breaks at spaces, and within a word that is longer than a line', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrapText('two\nlines', 20)).toEqual(['two', 'lines']);
    expect(wrapText('字幕字幕字', 4)).toEqual(['字幕', '字幕', '字']);
    expect(wrapText('字', 1)).toEqual(['字']); // narrower than one character: it ends all the same
  });
});

describe('oneLine', () => {
  it('leaves nothing in a text that moves the cursor', () => {
    expect(oneLine('a\n  b\u001b[31mred\u001b[0m\r\u0007\u009b2Jc')).toBe('a bred2Jc');
  });
});
