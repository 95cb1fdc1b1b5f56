// The console view of `testcard run` on the terminal or pipe that it writes to, with who asks for progress and who else writes there.

import type { TimelineEvent } from '../model/timeline.ts';
import { type ConsoleScreen, type ConsoleView, createConsoleView } from '../report/console.ts';
import type { Verbosity } from '../report/event-lines.ts';
import type { TextStyle } from '../report/failure-text.ts';
import { readStepHistory } from '../report/step-history.ts';
import { onProgressSignal } from './progress-signal.ts';
import { terminalOf, writeErrorsAbove } from './terminal.ts';

export interface RunView {
  view: ConsoleView;
  /** How texts after the run are to be written. */
  style: TextStyle;
  /** Types of events that the view shows nothing of. */
  unseen: readonly TimelineEvent['type'][];
  close(): void;
}

interface RunViewOptions {
  verbosity: Verbosity;
  /** Cases that will not block if they fail, as `<suite>/<case>`. */
  excused: readonly string[];
  /** Folder of the runs so far. */
  reports: string;
  runtime: string;
}

/** Most of a timeline, which nobody watches line by line. */
const UNSEEN = ['metrics', 'measurement', 'look', 'answer', 'saved'] as const;
const DEFAULT_COLUMNS = 120;
/** For a progress report that goes to no terminal. */
const WIDE = 200;

export function openRunView(
  out: NodeJS.WriteStream,
  { verbosity, excused, reports, runtime }: RunViewOptions,
): RunView {
  const terminal = terminalOf(out);
  const live = terminal.live && verbosity !== 'quiet';
  const history = readStepHistory(reports, runtime);
  const view = createConsoleView({ out: screenOf(out), ...terminal, live, verbosity, excused, history });
  const stopTelling = onProgressSignal(() => {
    process.stderr.write(`testcard: what goes on now\n${view.progress(process.stderr.columns ?? WIDE)}\n`);
  });
  const writeErrorsAsBefore = live ? writeErrorsAbove((text) => view.note(text)) : () => {};
  return {
    view,
    style: {
      ...terminal,
      // It may have another size by then.
      get columns() {
        return out.columns ?? DEFAULT_COLUMNS;
      },
    },
    unseen: verbosity === 'verbose' ? UNSEEN : [...UNSEEN, 'log'],
    close() {
      stopTelling();
      view.close();
      writeErrorsAsBefore();
    },
  };
}

/** The stream as it is now: its `write` may become another one while the view is there. */
function screenOf(out: NodeJS.WriteStream): ConsoleScreen {
  const write = out.write.bind(out);
  return {
    write: (text) => write(text),
    get columns() {
      return out.columns;
    },
    get rows() {
      return out.rows;
    },
    // The signal that tells of another size comes late on a busy machine; what is drawn until then would wrap. Node has no public name for
    // asking, and does without where it has none.
    refreshSize: () => (out as { _refreshSize?: () => void })._refreshSize?.(),
    get writableNeedDrain() {
      return out.writableNeedDrain;
    },
    on: (event, listener) => out.on(event, listener),
    off: (event, listener) => out.off(event, listener),
  };
}
