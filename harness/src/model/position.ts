// Where in a suite file something was written.

/** One-based line and column, as editors count. */
export interface Position {
  file: string;
  line: number;
  col: number;
}

export function formatPosition({ file, line, col }: Position): string {
  return `${file}:${line}:${col}`;
}
