// Words as a POSIX shell reads them back unchanged, so that a command that is shown can be pasted.

/** Needs no quotes: nothing in it means anything to a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word: as it is where that is safe, else in single quotes. */
export function shellQuote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
