import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_PAGE, buildPage } from '../../../report-page/build-page.ts';
import { makeRun } from './testing/make-run.ts';
import { writeHtmlReport } from './write-report.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-write-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeHtmlReport', () => {
  it('writes one file that loads nothing from anywhere', async () => {
    const run = makeRun(join(folder, 'reports'));
    const { path, sizeBytes } = await writeHtmlReport(run.folder);
    expect(sizeBytes).toBeLessThan(400_000);
    const html = readFileSync(path, 'utf8');
    expect(html).toContain('<title>failed: 1 of 2 cases · Testcard');
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)=/);
    expect(readdirSync(run.folder)).not.toContain('report.html.partial');
  });

  it('replaces the report that is there', async () => {
    const run = makeRun(join(folder, 'reports'));
    const first = await writeHtmlReport(run.folder);
    expect(await writeHtmlReport(run.folder)).toEqual(first);
  });
});

describe('the built page', () => {
  it('is what its sources give; else: npm run report-page', async () => {
    expect(readFileSync(BUILT_PAGE, 'utf8') === (await buildPage())).toBe(true);
  }, 20_000);
});
