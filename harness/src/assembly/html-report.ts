// The HTML report of a run with what it plays: previews of recordings are made first, as far as time allows.

import { join } from 'node:path';
import { makePreview } from '../media/index.ts';
import { toTestcardError } from '../model/errors.ts';
import { type WrittenReport, writeHtmlReport } from '../report/html/write-report.ts';
import { openStoredRun } from '../report/stored-run.ts';
import { processGuard } from '../runtime/ownership/guard.ts';

export interface HtmlReport extends WrittenReport {
  /** Recordings without a preview, and why, in words. */
  notes: string[];
}

export interface HtmlReportOptions {
  signal: AbortSignal;
  /** How long making previews may take in all, ms: what is not made by then is not. Default 20 s. */
  previewsWithinMs?: number;
}

/** Containers that browsers do not play. */
const NEEDS_PREVIEW = /\.(flv|nut|mkv|ts)$/;
const AT_ONCE = 2;

/** Writes `report.html` into the run's folder; makes previews of the recordings that are there and have none. */
export async function makeHtmlReport(
  folder: string,
  { signal, previewsWithinMs = 20_000 }: HtmlReportOptions,
): Promise<HtmlReport> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(previewsWithinMs)]);
  const waiting = recordingsWithoutPreview(folder);
  const notes: string[] = [];
  const guard = processGuard();
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { recording, preview } = next;
      try {
        await makePreview(recording, preview, { signal: bounded, guard });
      } catch (error) {
        notes.push(bounded.aborted ? `no preview of ${recording}: out of time` : toTestcardError(error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { ...(await writeHtmlReport(folder)), notes };
}

function recordingsWithoutPreview(folder: string): { recording: string; preview: string }[] {
  return openStoredRun(folder).suites.flatMap((suite) => {
    const cases = new Set<string>();
    for (const event of suite.events())
      if (event.type === 'activity' && event.kind === 'recording') cases.add(event.case);
    return [...cases].flatMap((id) => {
      const files = suite.filesOf(id);
      const names = new Set(files.map(({ name }) => name));
      return files.flatMap(({ name, path, bytes }) => {
        const bare = name.replace(NEEDS_PREVIEW, '');
        // What the instrument recorded for its own calibration is no evidence of the pipeline.
        if (bare === name || bare.startsWith('reference-') || bytes === 0 || names.has(`${bare}.preview.mp4`))
          return [];
        return [{ recording: path, preview: join(suite.folder, id, `${bare}.preview.mp4`) }];
      });
    });
  });
}
