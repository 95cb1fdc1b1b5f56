// Distils why FFmpeg failed, in one line, from the last lines of its log.

/** FFmpeg's own labels in front of a line: `[rtsp @ 0x5581]`, `[error]`. Addresses differ on each run and help nobody. */
const LABEL = /^(\[[^\]]*\]\s*)+/;

/** Lines that tell that something failed, but not what. */
const EMPTY_TALK =
  /^(Conversion failed!|Exiting normally|Error while (opening|closing) |Error closing file |Error (initializing|reinitializing) |Press \[q\]|Last message repeated|At least one output file must be specified|Output file is empty|Could not write header)/;

const TELLING =
  /(error|failed|fail\b|invalid|refused|not found|no such|unable|could not|cannot|timed? ?out|denied|unauthor|forbidden|server returned|broken pipe|reset by peer|end of file|does not|unrecognized|unknown|no space|in use)/i;

/** The most telling line of the tail, without addresses; undefined when nothing in it tells anything. */
export function distilReason(stderrTail: readonly string[]): string | undefined {
  const lines = stderrTail.map((line) => line.replace(LABEL, '').trim()).filter((line) => line !== '');
  const telling = lines.filter((line) => TELLING.test(line) && !EMPTY_TALK.test(line));
  const line = telling.at(-1) ?? lines.filter((candidate) => !EMPTY_TALK.test(candidate)).at(-1) ?? lines.at(-1);
  return line === undefined ? undefined : clip(line.replace('?timeout=0', ''));
}

function clip(line: string): string {
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
