import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHtmlReport } from '../../src/assembly/html-report.ts';
import { runTool } from '../../src/media/index.ts';
import { BROKEN_MS, type MadeRun, makeRun, ZERO_MS } from '../../src/report/html/testing/make-run.ts';
import { findChromium, openBrowser } from './browser.ts';
import { shrinkPicture } from './shrink-picture.ts';

const chromium = findChromium();
const signal = new AbortController().signal;
/** Where pictures for the docs go, when they are asked for: TESTCARD_DOC_IMAGES=docs/images. */
const IMAGES = process.env.TESTCARD_DOC_IMAGES;
const SIZE = { width: 1440, height: 900 };

let browser: Browser;
let folder: string;
let run: MadeRun;
let address: string;
const problems: string[] = [];
const requests: string[] = [];

async function open(hash = '', colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme });
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${address}${hash}`);
  await page.waitForSelector('h1');
  return page;
}

const openCase = async (colorScheme: 'light' | 'dark' = 'light') => {
  const page = await open(`#/case/${run.suite}/${run.case}`, colorScheme);
  await page.waitForSelector('.lane-chart');
  await page.waitForSelector('.log-row');
  return page;
};

async function picture(page: Page, name: string): Promise<void> {
  if (IMAGES === undefined) return;
  mkdirSync(IMAGES, { recursive: true });
  const file = join(IMAGES, `${name}.png`);
  await page.screenshot({ path: file });
  await shrinkPicture(file);
}

/** The middle of a lane's strip at an instant of the case's clock. */
async function placeOf(page: Page, lane: string, inCaseMs: number): Promise<{ x: number; y: number }> {
  const box = await page.locator(`[data-lane="${lane}"] .lane-plot`).boundingBox();
  const range = await page.locator('.range').textContent();
  const [from = 0, to = 1] = (range ?? '').split(' to ').map(toMs);
  if (!box) throw new Error(`no lane ${lane}`);
  return { x: box.x + ((inCaseMs - from) / (to - from)) * box.width, y: box.y + box.height / 2 };
}

/** `+12.34 s`, `−1:02.3` in ms. */
function toMs(text: string): number {
  const [seconds = 0, minutes = 0] = text
    .replace(/[^\d.:]/g, '')
    .split(':')
    .map(Number)
    .reverse();
  return (text.includes('−') ? -1 : 1) * (minutes * 60 + seconds) * 1_000;
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Runs in the page. */
async function findings(runOnly: string[]): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }; // made by the script that was evaluated
  const { violations } = await axe.run(document, { runOnly });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html.slice(0, 200)} ${any[0]?.message ?? ''}`),
  );
}

const playheadMs = async (page: Page) =>
  Number(await page.getByRole('slider', { name: 'Instant of the case' }).getAttribute('aria-valuenow'));

beforeAll(async () => {
  if (!chromium) return;
  folder = mkdtempSync(join(tmpdir(), 'testcard-report-'));
  run = makeRun(join(folder, 'reports'));
  const recording = join(run.folder, 'suites', run.suite, run.case, 'output.flv');
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30:d=23', '-f', 'lavfi', '-i', 'sine=d=23'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-c:a', 'aac'];
  await runTool('ffmpeg', [...inputs, ...codecs, '-output_ts_offset', '10', '-y', recording], { signal });
  const { path, notes } = await makeHtmlReport(run.folder, { signal });
  expect(notes).toEqual([]);
  address = `file://${path}`;
  browser = await openBrowser(chromium);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

describe.skipIf(!chromium)('the report in Chromium', () => {
  it('says first what was promised, what was seen, when, and what else happened then', async () => {
    const page = await open();
    const seen = await page.evaluate(() => {
      const shown: string[] = [];
      for (const element of document.querySelectorAll(
        '.hero, .story dd, .story .around-list li, .story .yaml-line.is-marked',
      )) {
        const { top, bottom } = element.getBoundingClientRect();
        if (top >= 0 && bottom <= innerHeight) shown.push(element.textContent ?? '');
      }
      return shown.join('\n');
    });
    expect(seen).toContain('1 passed · 1 failed · 0 inconclusive · 1 flaky');
    expect(seen).toContain('worker_chunks_total{status="processed"} of worker: increases by at least 10');
    expect(seen).toContain('increased by 7, 3 too low (1 → 8)');
    expect(seen).toContain('+18.30 s into the case');
    expect(seen).toContain('speech exited, killed by SIGKILL');
    expect(seen).toContain('out of memory while loading the voice model');
    expect(seen).toContain('metric: worker_chunks_total');
    expect(await page.locator('.story-graph svg').getAttribute('aria-label')).toEqual(
      expect.stringMatching(
        /^worker_chunks_total\{status="processed"\}, from \d to \d+, promised at least 11, broken at \+18\.30 s$/,
      ),
    );
    expect(await page.locator('.command code').first().textContent()).toContain(
      "testcard run suites/link-loss.suite.yaml --case 'speech comes back after the link was cut'",
    );
    await picture(page, 'report-overview');
    await page.close();
  });

  it('leads from the failure to its instant on the timeline', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Show it on the timeline' }).first().click();
    await page.waitForSelector('.lane-chart');
    expect(await playheadMs(page)).toBe(BROKEN_MS - ZERO_MS);
    await picture(page, 'report-case');
    await page.close();
  });

  it('reads every lane at the instant under the pointer', async () => {
    const page = await openCase();
    const { x, y } = await placeOf(page, 'steps', 12_000 - ZERO_MS);
    await page.mouse.move(x, y);
    await page.locator('.now h2', { hasText: 'under the pointer' }).waitFor();
    const now = (await page.locator('.now').textContent()) ?? '';
    expect(toMs(/At (\S+)/.exec(now)?.[1] ?? '')).toBeCloseTo(12_000 - ZERO_MS, -2);
    for (const text of ['outage', 'cut worker ↔ speech (proven)', 'workerready', 'output, half-minute', 'sound late'])
      expect(now).toContain(text);
    expect(await page.locator('[data-lane="service-speech"] .lane-value').textContent()).toBe('ready');
    expect(
      await page.locator('.lane-chart', { hasText: 'worker_in_flight' }).locator('.lane-value').textContent(),
    ).toMatch(/^[0-3]$/);
    await page.close();
  });

  it('names what is under the pointer', async () => {
    const page = await openCase();
    const { x, y } = await placeOf(page, 'faults', 12_000 - ZERO_MS);
    await page.mouse.move(x, y);
    const tip = await page.locator('.tip').textContent();
    expect(tip).toContain('cut worker ↔ speech');
    expect(tip).toContain('refused');
    expect(tip).toContain('connected after 2 ms');
    await page.close();
  });

  it('looks closer where the pointer is, moves by dragging, and shows the whole again', async () => {
    const page = await openCase();
    const range = () => page.locator('.range').textContent();
    const whole = await range();
    const { x, y } = await placeOf(page, 'steps', 18_000);
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -900);
    await page.keyboard.up('Control');
    await expect.poll(range).not.toBe(whole);
    const [from = 0, to = 0] = ((await range()) ?? '').split(' to ').map(toMs);
    expect(to - from).toBeLessThan(12_000);
    expect(from).toBeLessThan(18_000);
    expect(to).toBeGreaterThan(18_000);
    await page.mouse.down();
    await page.mouse.move(x - 200, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => toMs(((await range()) ?? '').split(' to ')[0] ?? '')).toBeGreaterThan(from + 1_000);
    await page.getByRole('button', { name: 'Whole case' }).click();
    await expect.poll(range).toBe(whole);
    await page.close();
  });

  it('can be used by keyboard alone', async () => {
    const page = await openCase();
    const slider = page.getByRole('slider', { name: 'Instant of the case' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    // The phase begins, then the fault is made.
    await expect.poll(() => playheadMs(page)).toBe(10_150 - ZERO_MS);
    await page.keyboard.press('p');
    await expect.poll(() => playheadMs(page)).toBe(10_000 - ZERO_MS);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('+');
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toMatch(/^\+7\.\d+ s: outage; .*worker/);
    await expect.poll(() => page.locator('.range').textContent()).not.toContain('−3.00 s');
    await page.close();
  });

  it('goes from a check to its instant, its line of YAML and what was last seen', async () => {
    const page = await openCase();
    const check = page.locator('.checks button', { hasText: '9 of 700 frames lost' });
    await check.click();
    // 21.5 s of a stream that begins at 10 s, whose first packet came 1.2 s into the case.
    expect(await playheadMs(page)).toBe(4_200 + 11_500 - ZERO_MS);
    expect(await page.locator('#case-yaml .is-marked').textContent()).toContain('recording: output');
    const first = page.locator('.checks button', { hasText: 'increased by 7' });
    await first.click();
    await expect.poll(() => playheadMs(page)).toBe(BROKEN_MS - ZERO_MS);
    expect(await page.locator('.check-detail').textContent()).toContain('last seen7');
    expect(await page.locator('#case-yaml .is-marked').textContent()).toContain('metric: worker_chunks_total');
    await page.close();
  });

  it('plays the recording and moves with it, and moves it', async () => {
    const page = await openCase();
    const video = page.locator('video');
    await expect
      .poll(() => video.evaluate((element: HTMLVideoElement) => element.readyState))
      .toBeGreaterThanOrEqual(1);
    const position = () => video.evaluate((element: HTMLVideoElement) => element.currentTime);
    // At the broken promise: 21.3 s, and the recording began at 4.2 s.
    await expect.poll(position).toBeCloseTo(17.1, 0);
    const { x, y } = await placeOf(page, 'service-relay', 5_000);
    await page.mouse.click(x, y);
    await expect.poll(position).toBeCloseTo(5 + ZERO_MS / 1_000 - 4.2, 0);
    const before = await playheadMs(page);
    await video.evaluate((element: HTMLVideoElement) => {
      element.muted = true;
      return element.play();
    });
    await expect.poll(() => playheadMs(page), { timeout: 5_000 }).toBeGreaterThan(before + 300);
    await video.evaluate((element: HTMLVideoElement) => element.pause());
    await page.close();
  });

  it('draws other metrics when they are chosen, and lets go of them', async () => {
    const page = await openCase();
    const charts = page.locator('[data-lane^="metric"]');
    expect(await charts.count()).toBe(2);
    await page.getByText('Metrics (4)').click();
    await page.getByLabel('Find a metric').fill('memory');
    await page.getByLabel('process_resident_memory_bytes').check();
    await expect.poll(() => charts.count()).toBe(3);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Remove the chart of process_resident_memory_bytes' }).click();
    await expect.poll(() => charts.count()).toBe(2);
    await page.close();
  });

  it('finds lines of logs, and goes to the line that is chosen', async () => {
    const page = await openCase();
    await page.getByLabel('Level').selectOption({ label: 'errors' });
    await expect.poll(() => page.locator('.log-row').count()).toBe(2);
    await page.getByLabel('Find in lines').fill('1006');
    await expect.poll(() => page.locator('.log-row').count()).toBe(1);
    await page.locator('.log-row').click();
    await expect.poll(() => playheadMs(page)).toBe(20_410 - ZERO_MS);
    await page.close();
  });

  it('shows the suite with verdicts in the margin that lead to their instant', async () => {
    const page = await open(`#/suite/${run.suite}`);
    await page.waitForSelector('.yaml-line');
    const line = page.locator('.yaml-line', { hasText: 'metric: worker_chunks_total' }).first();
    expect(await line.locator('.verdict').textContent()).toContain('failed');
    await picture(page, 'report-suite');
    await line.getByRole('button').click();
    await page.waitForSelector('.lane-chart');
    expect(await playheadMs(page)).toBe(BROKEN_MS - ZERO_MS);
    await page.close();
  });

  it('is readable on paper, light even where the screen is dark', async () => {
    const page = await openCase('dark');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
    expect(await page.locator('.toolbar').isVisible()).toBe(false);
    expect(await page.locator('.lane').first().isVisible()).toBe(true);
    expect(await page.locator('.story .promised').isVisible()).toBe(true);
    // More lines than the screen shows, one below the other, and how many it leaves out.
    await page.waitForSelector('.log.is-printed');
    const rows = page.locator('.log-row');
    expect(await rows.count()).toBeGreaterThan(60);
    const [one, next] = await Promise.all([0, 1].map((index) => rows.nth(index).boundingBox()));
    expect(next?.y).toBeGreaterThanOrEqual((one?.y ?? 0) + (one?.height ?? 0) - 1);
    expect(await page.locator('.log [role="status"]').textContent()).toMatch(
      / lines(, of which \d+ to \d+ are printed)?$/,
    );
    const pdf = await page.pdf({ format: 'A4', landscape: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(20_000);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('has nothing that axe finds, in %s colours', async (scheme) => {
    // Evaluated by the debugger, which the page's own content policy does not bind.
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const view of ['', `#/suite/${run.suite}`, `#/case/${run.suite}/${run.case}`]) {
      const page = view.startsWith('#/case') ? await openCase(scheme) : await open(view, scheme);
      for (const summary of await page.locator('details > summary').all()) await summary.click();
      for (const tab of ['Checks', 'YAML', 'Figures', 'Everything']) {
        if (!view.startsWith('#/case') && tab !== 'Checks') continue;
        if (view.startsWith('#/case')) await page.locator(`#tab-${tab}`).click();
        await page.evaluate(axe);
        const found = await page.evaluate(findings, RULES);
        expect(found).toEqual([]);
      }
      if (scheme === 'dark' && view.startsWith('#/case')) {
        await page.reload();
        await page.waitForSelector('.lane-chart');
        await picture(page, 'report-case-dark');
      }
      await page.close();
    }
  });

  it('asks for nothing but itself and its recording, and logs no error', () => {
    expect(problems).toEqual([]);
    const foreign = requests.filter(
      (url) => !url.startsWith(`file://${run.folder}/`) && !url.startsWith('data:') && !url.startsWith('blob:'),
    );
    expect(foreign).toEqual([]);
  });
});
