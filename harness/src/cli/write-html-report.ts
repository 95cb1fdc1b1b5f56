// The last thing a run does: its HTML report, after the summary, so that nobody waits for it.

import { relative } from 'node:path';
import { makeHtmlReport } from '../assembly/html-report.ts';
import { toTestcardError } from '../model/errors.ts';
import { interruptSignal } from './interrupt.ts';

/** Prints where it is. A report that cannot be written changes no verdict; what went wrong is returned, in words. */
export async function writeHtmlReport(folder: string, out: NodeJS.WritableStream): Promise<string[]> {
  try {
    // An interrupted run has a report too: only previews, which take time, are left out.
    const { path } = await makeHtmlReport(folder, { signal: interruptSignal });
    out.write(`html    ${relative(process.cwd(), path)}\n`);
    return [];
  } catch (error) {
    return [`cannot write the HTML report: ${toTestcardError(error).message}`];
  }
}
