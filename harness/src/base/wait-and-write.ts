// Text that is gathered for a moment and then written as one: a thousand small writes a second cost more than what is written.

export interface WaitingText {
  /** Adds text; written when it has waited long enough, or now when much waits. */
  add(text: string): void;
  /** Writes what waits, now. */
  flush(): void;
  /** Writes what waits, and is not called on any more when the process ends. */
  close(): void;
}

const MOST_WAITING = 64 * 1024;

/** Of all that is open: written when the process ends, however but by SIGKILL. One listener, however many files. */
const open = new Set<WaitingText>();
const flushAll = () => {
  for (const each of open) each.flush();
};

/** What is to be written together, by how long it may wait: ten files that each have a timer wake the process ten times as often. */
const due = new Map<number, Set<WaitingText>>();
const writeSoon = (text: WaitingText, waitMs: number) => {
  let together = due.get(waitMs);
  if (together === undefined) {
    together = new Set();
    due.set(waitMs, together);
    setTimeout(flushDue, waitMs, waitMs).unref();
  }
  together.add(text);
};
const flushDue = (waitMs: number) => {
  const together = due.get(waitMs) ?? [];
  due.delete(waitMs);
  for (const each of together) each.flush();
};

/** `waitMs`: how long text may wait. Default 50. */
export function waitAndWrite(write: (text: string) => void, waitMs = 50): WaitingText {
  let waiting = '';
  const own: WaitingText = {
    add(text) {
      waiting += text;
      if (waiting.length > MOST_WAITING) own.flush();
      else writeSoon(own, waitMs);
    },
    flush() {
      const text = waiting;
      waiting = '';
      if (text !== '') write(text);
    },
    close() {
      own.flush();
      open.delete(own);
      if (open.size === 0) process.off('exit', flushAll);
    },
  };
  if (open.size === 0) process.on('exit', flushAll);
  open.add(own);
  return own;
}
