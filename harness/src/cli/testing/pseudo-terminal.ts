// The command line on a real pseudo-terminal (`script` of util-linux makes it), and what a person sees there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { shellQuote } from '../../base/shell-quote.ts';
import { createScreen, type Screen } from '../../report/testing/screen.ts';
import { MAIN, type Project } from './project.ts';

export interface PseudoTerminal {
  screen: Screen;
  /** Waits until the screen is as wanted; returns its lines. Throws with what stood there last. */
  until(isWanted: (lines: string[]) => boolean, withinMs?: number): Promise<string[]>;
  /** As a person at the keyboard: `\u0003` is Ctrl-C. */
  type(keys: string): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Exit code of the command, once it has ended. */
  ended: Promise<number | undefined>;
}

export function openPseudoTerminal(
  project: Project,
  args: string[],
  { columns = 100, rows = 30, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
): PseudoTerminal {
  const command = [process.execPath, MAIN, ...args].map(shellQuote).join(' ');
  const line = `tty > tty.txt; stty cols ${columns} rows ${rows}; exec ${command}`;
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|FORCE_COLOR|NO_COLOR|CI$|NODE_ENV|TESTCARD)/.test(name),
  );
  const child = execa('script', ['-qfec', line, '/dev/null'], {
    cwd: project.folder,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    timeout: 90_000,
    extendEnv: false,
    env: { ...Object.fromEntries(kept), TERM: 'xterm-256color', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env },
  });
  const screen = createScreen({ columns, rows });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => screen.out.write(text));
  return {
    screen,
    async until(isWanted, withinMs = 30_000) {
      const result = await poll<string[]>(
        async () => {
          const lines = await screen.all();
          return isWanted(lines) ? { done: true, value: lines } : { done: false, last: lines.join('\n') };
        },
        { withinMs, clock: systemClock },
      );
      if (result.ok) return result.value;
      throw new Error(`the screen did not come to what was wanted; it shows:\n${String(result.last)}`);
    },
    type: (keys) => void child.stdin?.write(keys),
    async resize(width, height) {
      const device = readFileSync(join(project.folder, 'tty.txt'), 'utf8').trim();
      // As terminals do it: first they show the new size, then they tell the program.
      await screen.resize(width, height);
      await execa('stty', ['-F', device, 'cols', String(width), 'rows', String(height)]);
    },
    ended: child.then(({ exitCode }) => exitCode),
  };
}
