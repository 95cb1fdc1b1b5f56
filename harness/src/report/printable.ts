// Text of a pipeline without what would disturb a reader: control characters, and characters that turn the direction of writing around.

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is what it is for
const DISTURBING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Colours of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Line breaks and tabs stay. */
export const printable = (text: string): string =>
  text.toWellFormed().replace(ESCAPE_SEQUENCE, '').replace(DISTURBING, '\ufffd');

/** All of it in one line. */
export const printableLine = (text: string): string => printable(text).replaceAll(/\s*[\r\n]\s*/g, ' ');
