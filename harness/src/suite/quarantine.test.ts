import { describe, expect, it } from 'vitest';
import type { Suite } from '../model/suite.ts';
import { parseQuarantine } from './quarantine.ts';

const FILE = '/p/quarantine.yaml';
const NOW = Date.parse('2026-05-10T12:00:00Z');

const suite = (name: string, titles: string[]): Suite =>
  ({ id: name, name, cases: titles.map((title) => ({ id: title.replaceAll(' ', '-'), title })) }) as Suite;

const suites = [suite('dubbing', ['keeps in sync', 'loses no frame']), suite('relay', ['loses no frame'])];

const parse = (text: string, over: Partial<Parameters<typeof parseQuarantine>[2]> = {}) =>
  parseQuarantine(text, FILE, { suites, areAllKnown: true, nowMs: NOW, ...over });

const ENTRY = `
- case: keeps in sync
  owner: media team
  url: https://tracker.example/7
  expires: 2026-05-31
  reason: drifts after ten minutes
`;

const problemsOf = (text: string) =>
  parse(text).problems.map(({ severity, message, hint, position: { line, col } }) => ({
    severity,
    message,
    hint,
    line,
    col,
  }));

describe('a quarantine list', () => {
  it('names a case, who answers for it, where, until when and why', () => {
    const { entries, problems } = parse(ENTRY);
    expect(problems).toEqual([]);
    expect(entries).toEqual([
      {
        suite: 'dubbing',
        case: 'keeps-in-sync',
        owner: 'media team',
        url: 'https://tracker.example/7',
        expires: '2026-05-31',
        reason: 'drifts after ten minutes',
        position: { file: FILE, line: 2, col: 3 },
      },
    ]);
  });

  it('may be empty', () => {
    expect(parse('')).toMatchObject({ entries: [], problems: [] });
    expect(parse('# nothing\n[]\n')).toMatchObject({ entries: [], problems: [] });
  });

  it('refuses an unknown case at its place, with the one that was probably meant', () => {
    expect(problemsOf(ENTRY.replace('keeps in sync', 'keep in sync'))).toEqual([
      {
        severity: 'error',
        message: 'unknown case “keep in sync”',
        hint: 'did you mean `keeps in sync`?',
        line: 2,
        col: 9,
      },
    ]);
  });

  it('refuses an unknown suite, and a title that several suites have', () => {
    expect(problemsOf(ENTRY.replace('- case', '- suite: dubing\n  case'))).toEqual([
      expect.objectContaining({ message: 'unknown suite `dubing`', hint: 'did you mean `dubbing`?', line: 2, col: 10 }),
    ]);
    const twice = ENTRY.replace('keeps in sync', 'loses no frame');
    expect(problemsOf(twice)).toEqual([expect.objectContaining({ hint: 'add `suite`, one of: dubbing, relay' })]);
    expect(parse(twice.replace('- case', '- suite: relay\n  case')).entries).toMatchObject([{ suite: 'relay' }]);
  });

  it('says nothing of names when a suite could not be read', () => {
    expect(parse(ENTRY.replace('keeps in sync', 'x'), { areAllKnown: false })).toMatchObject({
      entries: [],
      problems: [],
    });
  });

  it.each([
    ['  owner: media team\n', '', '`owner` is missing in this entry', 2],
    ['expires: 2026-05-31', 'expires: 31.5.2026', 'expected a day', 5],
    ['expires: 2026-05-31', 'expires: 2026-02-30', 'expected a day', 5],
    ['url: https://tracker.example/7', 'url: tracker 7', 'expected a URL', 4],
    ['url: https://tracker.example/7', 'url: javascript:alert(1)', 'expected a URL', 4],
    ['reason:', 'raeson:', 'raeson', 6],
    ['reason: drifts after ten minutes', 'reason: ""', 'why it fails', 6],
  ])('refuses %j written as %j', (from, to, message, line) => {
    const [problem] = problemsOf(ENTRY.replace(from, to));
    expect(problem).toMatchObject({ severity: 'error', line });
    expect(problem?.message).toContain(message);
  });

  it('refuses what is no list, a case that is there twice, and what is no YAML', () => {
    expect(problemsOf('case: x')).toEqual([
      expect.objectContaining({ message: 'expected a list of quarantined cases' }),
    ]);
    expect(problemsOf(ENTRY + ENTRY.trimStart())).toEqual([
      expect.objectContaining({ message: 'this case is quarantined twice', hint: 'the first entry is in line 2' }),
    ]);
    expect(problemsOf('- {')).not.toEqual([]);
  });

  it('warns of an entry that has expired, and keeps it: the case must block', () => {
    const { entries, problems } = parse(ENTRY.replace('2026-05-31', '2026-05-09'));
    expect(entries).toHaveLength(1);
    expect(problems).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: expect.stringContaining('expired on 2026-05-09'),
        hint: expect.stringContaining('media team'),
      }),
    ]);
  });
});
