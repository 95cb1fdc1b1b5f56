import { Parser, type Result } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { renderTap } from './tap.ts';
import { caseResult, everything, failure, NASTY, runResult } from './testing/results.ts';

function read(text: string) {
  const points: Result[] = [];
  const extra: string[] = [];
  const parser = new Parser({ strict: true });
  parser.on('assert', (point) => points.push(point));
  parser.on('extra', (line) => extra.push(line));
  parser.end(text);
  return { points, extra, ok: parser.ok, bailedOut: parser.bailedOut };
}

describe('renderTap', () => {
  it('is read whole by a strict parser, whatever a run comes to and whatever is in its texts', () => {
    const { points, extra } = read(renderTap(everything()));
    expect(extra).toEqual([]);
    expect(points).toHaveLength(12);
    expect(points[1]).toMatchObject({ ok: false, diag: { message: NASTY, severity: 'failed', line: 9, column: 11 } });
    expect(points[1]?.name).toContain('# ~ `x` ``` | @all');
    expect(points[3]).toMatchObject({ ok: true, skip: expect.stringContaining('only on compose') });
    expect(points[4]?.diag).toMatchObject({ attempts: ['failed', 'inconclusive', 'passed'] });
  });

  it('keeps messages of several lines whole, also when they look like TAP', () => {
    const message = 'saw\n...\n---\nok 1\n  ...\nBail out!\n# x\n1..9';
    const { points, extra, bailedOut } = read(
      renderTap(
        runResult([caseResult({ title: `two\nok 7 - lines`, verdict: 'failed', error: { ...failure, message } })]),
      ),
    );
    expect({ extra, bailedOut }).toEqual({ extra: [], bailedOut: false });
    expect(points).toHaveLength(1);
    expect(points[0]).toMatchObject({ name: 'suite a › two ok 7 - lines', diag: { message } });
  });

  it('takes no word of a title for a directive', () => {
    const { points, ok } = read(
      renderTap(
        runResult([
          caseResult({ title: 'a # TODO later', verdict: 'failed', error: failure }),
          caseResult({ title: 'b # SKIP' }),
        ]),
      ),
    );
    expect(points.map(({ name, todo, skip }) => ({ name, todo, skip }))).toEqual([
      { name: 'suite a › a # TODO later', todo: false, skip: false },
      { name: 'suite a › b # SKIP', todo: false, skip: false },
    ]);
    expect(ok).toBe(false);
  });

  it('says of what does not block that it is to be done, so that a reader is as green as the run', () => {
    const run = everything();
    const excused = run.suites[0]?.cases.filter(({ case: id }) => id === 'known' || id === 'minor') ?? [];
    const { points, ok } = read(renderTap(runResult([caseResult(), ...excused])));
    expect(points.map(({ todo }) => todo)).toEqual([
      false,
      expect.stringContaining('quarantined until 2026-05-31'),
      'not gating (P3)',
    ]);
    expect(ok).toBe(true);
  });

  it('fails on a quarantine that is no good', () => {
    const repaired = everything().suites[0]?.cases.filter(({ case: id }) => id === 'repaired') ?? [];
    const { points, ok } = read(renderTap(runResult(repaired)));
    expect(ok).toBe(false);
    expect(points[0]?.diag).toMatchObject({ quarantine: expect.stringContaining('remove the entry') });
  });

  it('bails out of a run that was interrupted', () => {
    expect(read(renderTap(runResult([caseResult()], { exitCode: 130 }))).bailedOut).toBe('interrupted');
  });
});
