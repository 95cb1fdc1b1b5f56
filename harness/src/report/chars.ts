// The signs that the console draws with, for terminals that know Unicode and for those that do not, and text in other words for the latter.

export interface Chars {
  passed: string;
  failed: string;
  unclear: string;
  ellipsis: string;
  arrow: string;
  dot: string;
  /** From low to high, eight of them, one cell each. */
  bars: string;
  /** What a frame of work in progress shows; it only has to change. */
  spinner: readonly string[];
  fault: string;
  slow: string;
  /** Any text as it can be shown there. */
  text(text: string): string;
}

export const UNICODE: Chars = {
  passed: '✓',
  failed: '✗',
  unclear: '?',
  ellipsis: '…',
  arrow: '›',
  dot: '·',
  bars: '▁▂▃▄▅▆▇█',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧'],
  fault: '↯',
  slow: '▲',
  text: (text) => text,
};

export const ASCII: Chars = {
  passed: '+',
  failed: 'x',
  unclear: '?',
  ellipsis: '...',
  arrow: '>',
  dot: '-',
  bars: '_.-~=+*#',
  spinner: ['|', '/', '-', '\\'],
  fault: '!',
  slow: '^',
  text: asciiOf,
};

/** What the harness itself says that ASCII has other signs for. */
const SIGNS: Record<string, string> = {
  '✓': '+',
  '✗': 'x',
  '❯': '>',
  '›': '>',
  '·': '-',
  '…': '...',
  '—': '--',
  '–': '-',
  '−': '-',
  '→': '->',
  '↔': '<->',
  '±': '+/-',
  '≥': '>=',
  '≤': '<=',
  '×': 'x',
  '“': '"',
  '”': '"',
  '’': "'",
  '‘': "'",
  '│': '|',
  '─': '-',
};
/** Lines and corners of tables. */
const BOX = /[\u2500-\u257f]/;

function asciiOf(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII is what it looks for
  if (/^[\u0000-\u007f]*$/.test(text)) return text;
  return [...text.normalize('NFKC')]
    .map((char) => {
      if (char <= '\u007f') return char;
      const sign = SIGNS[char] ?? (BOX.test(char) ? '+' : undefined);
      if (sign !== undefined) return sign;
      const plain = char.normalize('NFKD').replaceAll(/\p{M}/gu, '');
      return plain !== '' && plain <= '\u007f' ? plain : '?';
    })
    .join('');
}

/**
 * Whether the terminal shows Unicode: as its locale says, and where none is set, yes. A terminal that calls itself dumb is not asked for more
 * than letters; neither is the text console of a kernel, whose font has few of the signs.
 */
export function knowsUnicode(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (isTerminal && (env.TERM === 'dumb' || env.TERM === 'linux')) return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}
