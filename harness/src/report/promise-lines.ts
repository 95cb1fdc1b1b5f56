// The lines of a suite that state a promise, and a few around them: what a reader of a failure needs to see of the YAML.

export interface YamlLine {
  /** From 1. */
  number: number;
  text: string;
  /** Belongs to the promise itself, not to what is around it. */
  isPromise: boolean;
}

const LINES_BEFORE = 2;
const LINES_AFTER = 1;
/** A promise of more lines is cut: its first ones say what it is. */
const MOST_LINES = 14;

/** The map that begins at `line`, `col` with all its keys, two lines before it and one after. Empty when the place is not in the text. */
export function promiseLines(text: string, { line, col }: { line: number; col: number }): YamlLine[] {
  const lines = text.split(/\r?\n/);
  if (line < 1 || line > lines.length) return [];
  let last = line;
  while (last < lines.length && last - line + 1 < MOST_LINES && belongs(lines[last] ?? '', col)) last += 1;
  const shown: YamlLine[] = [];
  for (
    let number = Math.max(1, line - LINES_BEFORE);
    number <= Math.min(lines.length, last + LINES_AFTER);
    number += 1
  ) {
    shown.push({ number, text: clean(lines[number - 1] ?? ''), isPromise: number >= line && number <= last });
  }
  // Blank lines at the edges tell nothing.
  while (shown[0]?.text.trim() === '' && !shown[0].isPromise) shown.shift();
  while (shown.at(-1)?.text.trim() === '' && shown.at(-1)?.isPromise === false) shown.pop();
  return shown;
}

/** Further keys of a map stand in its column, their values further in. */
function belongs(next: string, col: number): boolean {
  if (next.trim() === '') return false;
  const indent = next.length - next.trimStart().length;
  return indent >= col - 1;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what would disturb a terminal is not shown
const clean = (line: string) => line.replaceAll('\t', '  ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
