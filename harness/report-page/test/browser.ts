// Chromium for tests of the report's page: Debian's, or the one that TESTCARD_CHROMIUM names. Without one, tests are skipped, loudly.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium; undefined without one, after saying so in one line. */
export function findChromium(): string | undefined {
  const found = [process.env.TESTCARD_CHROMIUM, ...PLACES].find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    process.stderr.write('SKIPPED: tests of the report in a browser; install one with: apt-get install -y chromium\n');
  return found;
}

export function openBrowser(executablePath: string): Promise<Browser> {
  // Chromium refuses its sandbox to root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
