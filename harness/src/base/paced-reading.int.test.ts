import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { readPaced, withPausableOutput } from './paced-reading.ts';

/** What a program wrote, chunk by chunk, with the time of each, until its end. */
async function reading(script: string) {
  const child = withPausableOutput(() =>
    spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const chunks: { atMs: number; text: string }[] = [];
  readPaced(child.stdout, (chunk) => chunks.push({ atMs: performance.now(), text: String(chunk) }));
  await new Promise((resolve) => child.stdout.once('end', resolve));
  return { chunks, text: chunks.map(({ text }) => text).join('') };
}

const LINES = (count: number, everyMs: number) =>
  `let n = 0; const timer = setInterval(() => { console.log('line ' + n++); if (n === ${count}) clearInterval(timer); }, ${everyMs});`;
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}\n`).join('');

it('hands on each line of a calm output by itself', async () => {
  const { chunks } = await reading(LINES(12, 60));
  expect(chunks.map(({ text }) => text)).toEqual(numbered(12).match(/.*\n/g));
});

it('reads a busy output a few times a second, loses nothing, and comes to its end', async () => {
  const { chunks, text } = await reading(LINES(400, 5));
  expect(text).toBe(numbered(400));
  const from = (chunks.at(-1)?.atMs ?? 0) - 1_000;
  const inLastSecond = chunks.filter(({ atMs }) => atMs > from).length;
  expect(inLastSecond).toBeLessThanOrEqual(16);
  expect(inLastSecond).toBeGreaterThan(3);
});

it('does not keep waiting a program that writes more than a pipe holds', async () => {
  const { text } = await reading(
    `const from = performance.now(); for (let n = 0; n < 200; n += 1) console.log('x'.repeat(20_000));
     console.log('took', performance.now() - from);`,
  );
  expect(text.length).toBeGreaterThan(200 * 20_000);
  expect(Number(/took (.*)/.exec(text)?.[1])).toBeLessThan(1_000); // 200 × 20 kB at 64 kB a pulse were 3 s
});
