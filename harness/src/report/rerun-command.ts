// The command that runs one case again, exactly as it was run, to be pasted into a shell.

import { shellQuote } from '../base/shell-quote.ts';
import type { RerunBase } from '../model/results.ts';

/** `file` and overrides relative to the working folder. */
export function rerunCommand(
  { command, runtime, overrides }: RerunBase,
  { file, title }: { file: string; title: string },
): string {
  const words = ['run', file, '--case', title];
  if (runtime !== 'embedded') words.push('--runtime', runtime);
  for (const override of overrides) words.push('--override', override);
  return `${command} ${words.map(shellQuote).join(' ')}`;
}

/** How the user calls Testcard, from what npm tells the programs that it starts. `scripts` are those of the working folder's package. */
export function calledAs(env: NodeJS.ProcessEnv, scripts: Record<string, unknown> = {}): string {
  if (env.npm_command === undefined) return 'testcard';
  // Another script than `testcard` may have more words of its own; the script of that name takes any.
  return env.npm_command !== 'exec' && 'testcard' in scripts ? 'npm run testcard --' : 'npx testcard';
}
