// Takes pictures of reports for the docs, as small files: the first screen of each run, or of a view of it.
//
//   npm run report-pictures -- <folder> <name>=<run folder>[#/view] …

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeHtmlReport } from '../src/assembly/html-report.ts';
import { findChromium, openBrowser } from './test/browser.ts';
import { shrinkPicture } from './test/shrink-picture.ts';

const [folder, ...wanted] = process.argv.slice(2);
const chromium = findChromium();
const signal = new AbortController().signal;

if (!folder || wanted.length === 0 || !chromium) {
  process.stderr.write('take-pictures <folder> <name>=<run folder>[#/view] …\n');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  const browser = await openBrowser(chromium);
  try {
    for (const each of wanted) {
      const [name = '', run = '', hash = ''] = each.split(/=|(?=#)/);
      const { path } = await makeHtmlReport(resolve(run), { signal });
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(`file://${path}${hash}`);
      await page.waitForSelector(hash === '' ? '.hero' : '.lane-chart, .yaml-line');
      await page.waitForFunction(() =>
        [...document.querySelectorAll('video')].every(({ readyState }) => readyState >= 2),
      );
      const file = join(folder, `${name}.png`);
      await page.screenshot({ path: file });
      await page.close();
      await shrinkPicture(file);
      process.stdout.write(`${file}\n`);
    }
  } finally {
    await browser.close();
  }
}
