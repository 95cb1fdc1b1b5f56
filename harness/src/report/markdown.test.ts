import { describe, expect, it } from 'vitest';
import { renderMarkdown } from './markdown.ts';
import { attemptOf, caseResult, everything, failure, runResult } from './testing/results.ts';

describe('renderMarkdown', () => {
  it('begins with the verdict and counts by priority; always says how many are flaky', () => {
    const text = renderMarkdown(everything());
    expect(text).toMatch(/^## ❌ Testcard: failed\n/);
    expect(text).toContain('| P1 | 3 | 4 | 1 | 1 | yes |');
    expect(text).toContain('| P3 | 0 | 1 | 0 | 0 | no |');
    expect(text).toContain('1 flaky');
    expect(renderMarkdown(runResult([caseResult()]))).toContain('0 flaky');
  });

  it('tells apart what blocks and what does not, and why', () => {
    const [blocking = '', excused = ''] = renderMarkdown(everything()).split('### Did not pass, and does not block');
    expect(blocking).toContain('remove the entry at quarantine.yaml:3:3');
    expect(blocking).toContain('expired on 2026-05-31');
    expect(blocking).not.toContain('known to fail');
    expect(excused).toContain('quarantined until 2026-05-31');
    expect(excused).toContain('not gating');
  });

  it('has the share of rounds that each case passed, with its bounds, flaky or not', () => {
    const attempts = Array.from({ length: 10 }, (_, index) => attemptOf(index + 1, 'passed'));
    const repeat = { rounds: 10, minPass: 0.95, retry: 0, roundsMs: [] };
    const text = renderMarkdown(runResult([caseResult({ attempts })], { repeat }));
    expect(text).toContain('A case must pass in 95 % of its rounds.');
    expect(text).toContain('| suite a › works | 10 of 10 | 72 % to 100 % | ✅✅✅✅✅✅✅✅✅✅ |');
    expect(renderMarkdown(everything())).toContain('| suite a › flaky · **flaky** | 1 of 3 | 6 % to 79 % | ❌⚠️✅ |');
    expect(renderMarkdown(runResult([caseResult()]))).not.toContain('bounds');
  });

  it('shows text of a pipeline as text: no markup, no mention, no cell, no end of a block', () => {
    const nasty = '</details> | @team #1 <img src=x> [a](b) `c`';
    const text = renderMarkdown(
      runResult([
        caseResult({
          title: nasty,
          verdict: 'failed',
          error: { ...failure, message: '```\n# not a heading' },
          figures: [{ name: nasty, value: nasty, verdict: 'failed' }],
        }),
      ]),
    );
    const outsideBlocks = text.replaceAll(/^(`{3,})text\n.*?^\1$/gms, '');
    expect(outsideBlocks).not.toMatch(/@team|<img|\[a\]|not a heading|#1 /);
    expect(outsideBlocks.match(/<\/details>/g)).toHaveLength(2);
    const rows = outsideBlocks.split('\n').filter((line) => line.startsWith('| suite a'));
    expect(rows.map((row) => row.split('|').length)).toEqual([6]);
  });

  it('stays below the limit of a step summary and says what it leaves out; head and foot stay', () => {
    const cases = Array.from({ length: 400 }, (_, index) =>
      caseResult({
        case: `c${index}`,
        title: `case ${index}`,
        verdict: 'failed',
        error: { ...failure, message: 'é'.repeat(7_000) },
      }),
    );
    const text = renderMarkdown(runResult(cases));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    expect(Buffer.byteLength(text)).toBeGreaterThan(900 * 1024);
    expect(text).toMatch(/_\d+ sections left out/);
    expect(text).toContain('Testcard: failed');
    expect(text).toContain('evidence in `reports/r`');
    expect(renderMarkdown(runResult(cases), new Map(), 10)).toBe('');
  });
});
