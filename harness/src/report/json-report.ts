// The run as compact JSON, for scripts: what results.json holds, less what only reports of Testcard read.

import type { RunResult } from '../model/results.ts';

/** One line. Valid for harness/schema/results.schema.json, as results.json is. */
export function renderJson(run: RunResult): string {
  return `${JSON.stringify(run, (key, value: unknown) => (key === 'detail' || key === 'codeFrame' ? undefined : value))}\n`;
}
