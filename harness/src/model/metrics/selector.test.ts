import { describe, expect, it } from 'vitest';
import type { MetricPoint } from '../ports.ts';
import { formatSelector, formatSeries, parseSelector, type Selector, seriesMatcher } from './selector.ts';

const point = (labels: Record<string, string>): MetricPoint => ({ name: 'm', labels, type: 'counter', value: 1 });
const parsed = (text: string): Selector => {
  const selector = parseSelector(text);
  if ('problem' in selector) throw new Error(selector.problem);
  return selector;
};
const matches = (text: string, labels: Record<string, string>) => seriesMatcher(parsed(text))(point(labels));

describe('parseSelector', () => {
  it.each([
    ['up', { name: 'up', labels: [] }],
    [' a:b_c1 ', { name: 'a:b_c1', labels: [] }],
    ['m{}', { name: 'm', labels: [] }],
    ['m{a="x"}', { name: 'm', labels: [{ key: 'a', op: '=', value: 'x' }] }],
    [
      'm{ a != \'x\' , b=~"y|z", }',
      {
        name: 'm',
        labels: [
          { key: 'a', op: '!=', value: 'x' },
          { key: 'b', op: '=~', value: 'y|z' },
        ],
      },
    ],
    ['m{a="q\\"b\\\\c\\nd"}', { name: 'm', labels: [{ key: 'a', op: '=', value: 'q"b\\c\nd' }] }],
    ['m{a=~"\\d+"}', { name: 'm', labels: [{ key: 'a', op: '=~', value: '\\d+' }] }],
  ])('reads %s', (text, selector) => {
    expect(parseSelector(text)).toEqual(selector);
  });

  it.each([
    ['', 'a metric name expected at column 1'],
    ['9a', 'a metric name expected at column 1'],
    ['m{a=x}', 'a quoted value expected at column 5'],
    ['m{a="x"', '`,` or `}` expected at column 8'],
    ['m{a}', 'one of = != =~ !~ expected at column 4'],
    ['m{a="x"}z', 'nothing more expected at column 9'],
    ['m a', '`{` or nothing more expected at column 3'],
    ['m{,}', 'a label name or `}` expected at column 3'],
    ['m{a=~"("}', 'Invalid regular expression'],
  ])('says what is wrong with %j and where', (text, problem) => {
    expect(parseSelector(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('gives back what it formats', () => {
    const text = 'm{a="q\\"b\\\\c\\nd",b=~"x|y"}';
    expect(formatSelector(parsed(text))).toBe(text);
  });
});

describe('seriesMatcher', () => {
  it('compares the four ways, a missing label counting as empty', () => {
    expect(matches('m', { a: '1' })).toBe(true);
    expect(matches('other', {})).toBe(false);
    expect(matches('m{a="1"}', { a: '1', b: '2' })).toBe(true);
    expect(matches('m{a="1"}', {})).toBe(false);
    expect(matches('m{a=""}', {})).toBe(true);
    expect(matches('m{a!="1"}', { a: '2' })).toBe(true);
    expect(matches('m{a!="1"}', {})).toBe(true);
    expect(matches('m{a=~"1|2"}', { a: '2' })).toBe(true);
    expect(matches('m{a!~"1|2"}', { a: '2' })).toBe(false);
  });

  it('anchors regular expressions at both ends', () => {
    expect(matches('m{a=~"ok"}', { a: 'not ok' })).toBe(false);
    expect(matches('m{a=~"a|b"}', { a: 'ab' })).toBe(false);
  });
});

describe('formatSeries', () => {
  it('writes equal series alike, whatever the order of their labels', () => {
    expect(formatSeries({ name: 'm', labels: { b: '2', a: 'x"y' } })).toBe('m{a="x\\"y",b="2"}');
    expect(formatSeries({ name: 'm', labels: {} })).toBe('m');
  });
});
