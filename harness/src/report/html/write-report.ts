// Writes the HTML report of a stored run: one file that needs nothing but a browser, beside the evidence that it refers to.

import { readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openStoredRun } from '../stored-run.ts';
import { packChunk } from './pack-chunk.ts';
import type { PageData } from './page-data.ts';
import { readRun } from './read-run.ts';

export interface WrittenReport {
  path: string;
  sizeBytes: number;
}

/** Built from harness/report-page/ by `npm run report-page`. */
const PAGE = new URL('../../../report-page/built/page.html', import.meta.url);
const DATA_PLACE = '<!--data-->';
const TITLE_PLACE = '<!--title-->';

/** Writes `report.html` into the run's folder, whole or not at all. */
export async function writeHtmlReport(runFolder: string): Promise<WrittenReport> {
  const { page, chunks } = await readRun(openStoredRun(runFolder));
  const path = join(runFolder, 'report.html');
  const partial = `${path}.partial`;
  const [head = '', tail = ''] = readFileSync(PAGE, 'utf8').split(DATA_PLACE);
  const file = await open(partial, 'w');
  try {
    await file.write(head.replace(TITLE_PLACE, escapeText(titleOf(page))));
    await file.write(chunkElement('page', await packChunk(JSON.stringify(page))));
    for (const [name, text] of chunks) {
      await file.write(chunkElement(name, text));
      chunks.delete(name);
    }
    await file.write(tail);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  renameSync(partial, path);
  return { path, sizeBytes: statSync(path).size };
}

/** Base64 has nothing that HTML could take for markup; names are our own. */
const chunkElement = (name: string, text: string) => `<script type="text/plain" id="data-${name}">${text}</script>\n`;

function titleOf({ run, suites }: PageData): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const bad = cases.filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped').length;
  return `${run.verdict}: ${bad === 0 ? `${cases.length} cases` : `${bad} of ${cases.length} cases`} · Testcard ${run.run}`;
}

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
