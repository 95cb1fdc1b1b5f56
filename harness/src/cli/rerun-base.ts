// How to call Testcard again as it was called: what the commands that run one case again begin and end with.

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RerunBase } from '../model/results.ts';
import type { RuntimeName } from '../model/suite.ts';
import { calledAs } from '../report/rerun-command.ts';

export function rerunBase({ runtime, override }: { runtime: RuntimeName; override: string[] }): RerunBase {
  return {
    command: calledAs(process.env, scriptsHere()),
    runtime,
    overrides: override.map((file) => relative(process.cwd(), file)),
  };
}

/** Scripts of the working folder's package, where there is one. */
function scriptsHere(): Record<string, unknown> {
  try {
    const { scripts } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { scripts?: object };
    return { ...scripts };
  } catch {
    return {};
  }
}
