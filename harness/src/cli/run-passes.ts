// The rounds of a run: the whole selection again and again, each time in fresh environments, and within a round what was not passed.

import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SuiteRunOptions } from '../assembly/suite-world.ts';
import type { Pass } from '../model/rounds.ts';
import type { Case, Suite } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import type { ConsoleView } from '../report/console.ts';
import { tailTimelines } from '../report/tail-timelines.ts';

export type Selection = { suite: Suite; cases: Case[] }[];

export interface PassesRequest {
  selection: Selection;
  options: SuiteRunOptions;
  repeat: number;
  retry: number;
  parallel: number;
  bail: boolean;
  view: ConsoleView;
  /** Types of events that the view shows nothing of. */
  unseen: readonly TimelineEvent['type'][];
  signal: AbortSignal;
}

export interface PassesDone {
  passes: Pass[];
  /** Wall time of each round. */
  roundsMs: number[];
}

/** Ends early, with what was done, when interrupted or when `bail` says so. */
export async function runPasses(request: PassesRequest): Promise<PassesDone> {
  const { selection, repeat, retry, bail, signal, view, options } = request;
  const passes: Pass[] = [];
  const roundsMs: number[] = [];
  for (let round = 1; round <= repeat && !signal.aborted; round += 1) {
    const startedAt = performance.now();
    const folder =
      repeat > 1 ? join(options.folder, `round-${String(round).padStart(String(repeat).length, '0')}`) : options.folder;
    if (repeat > 1) view.note(`testcard: round ${round} of ${repeat}`);
    let left = selection;
    for (let again = 0; again <= retry && left.length > 0 && !signal.aborted; again += 1) {
      if (again > 0) view.note(`testcard: trying again, ${again} of at most ${retry}: ${titlesOf(left)}`);
      const pass = await runPass(request, left, {
        round,
        retry: again,
        folder: again > 0 ? join(folder, `retry-${again}`) : folder,
      });
      passes.push(pass);
      left = notPassed(left, pass);
    }
    roundsMs.push(performance.now() - startedAt);
    if (
      bail &&
      left.some(({ suite, cases }) => cases.some(({ id }) => !options.excused?.includes(`${suite.id}/${id}`)))
    )
      break;
  }
  return { passes, roundsMs };
}

async function runPass(
  { options, parallel, bail, view, unseen, signal }: PassesRequest,
  suites: Selection,
  { round, retry, folder }: { round: number; retry: number; folder: string },
): Promise<Pass> {
  mkdirSync(folder, { recursive: true });
  view.begin(suites.reduce((sum, { cases }) => sum + cases.length, 0));
  const tail = tailTimelines(folder, (suite, event) => view.event(suite, event), unseen);
  const { runSuites } = await import('../vitest/run-suites.ts');
  try {
    const outcome = await runSuites({
      suites,
      options: { ...options, folder },
      parallel,
      bail,
      color: false, // its own texts are not shown
      signal,
      onCase: (suite, result) => {
        tail.catchUp(); // its last step comes before its verdict
        view.caseEnded(suite.id, result);
      },
    });
    return { round, retry, folder: relative(process.cwd(), folder), ...outcome };
  } finally {
    tail.close();
  }
}

function notPassed(selection: Selection, { suites }: Pass): Selection {
  return selection
    .map(({ suite, cases }) => {
      const results = suites.find((each) => each.suite === suite.id)?.cases ?? [];
      const good = new Set(
        results.filter(({ verdict }) => verdict === 'passed' || verdict === 'skipped').map((result) => result.case),
      );
      return { suite, cases: cases.filter(({ id }) => !good.has(id)) };
    })
    .filter(({ cases }) => cases.length > 0);
}

const titlesOf = (selection: Selection) =>
  selection.flatMap(({ suite, cases }) => cases.map(({ title }) => `${suite.name} › ${title}`)).join(', ');
