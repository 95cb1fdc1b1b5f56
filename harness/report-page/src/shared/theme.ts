// Light or dark: as the system says until the reader chooses; colours for what is drawn on canvases are read from the style sheet.

const NAMES = [
  'text',
  'muted',
  'line',
  'surface',
  'accent',
  'pass',
  'fail',
  'unsure',
  'skip',
  'fault',
  'bar',
  'bar-text',
  'warn',
  's1',
  's2',
  's3',
  's4',
  's5',
  's6',
] as const;

export type Palette = Record<(typeof NAMES)[number], string>;

let palette: Palette | undefined;
const listeners = new Set<() => void>();

export function colors(): Palette {
  palette ??= readPalette();
  return palette;
}

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

/** Calls when the colours are others. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  palette = undefined;
  for (const listener of listeners) listener();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen: 'light' | 'dark' | undefined;

export function isDark(): boolean {
  return (chosen ?? (dark.matches ? 'dark' : 'light')) === 'dark';
}

function apply(theme: 'light' | 'dark'): void {
  document.documentElement.dataset.theme = theme;
  changed();
}

export function toggleTheme(): void {
  chosen = isDark() ? 'light' : 'dark';
  apply(chosen);
}

export function watchTheme(): void {
  apply(isDark() ? 'dark' : 'light');
  dark.addEventListener('change', () => apply(isDark() ? 'dark' : 'light'));
  // Paper is white, whatever the screen is.
  addEventListener('beforeprint', () => apply('light'));
  addEventListener('afterprint', () => apply(isDark() ? 'dark' : 'light'));
}
