// A terminal without a window: what is written to it, as a person would see it, also after it was given another size.

import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import type { ConsoleScreen } from '../console.ts';

export interface Screen {
  out: ConsoleScreen & { columns: number; rows: number };
  /** Lines on the screen, from the top, without blanks at the end of each and below the last. */
  seen(): Promise<string[]>;
  /** Those and what has scrolled away. */
  all(): Promise<string[]>;
  resize(columns: number, rows: number): Promise<void>;
  /** What was written, as it was, since the last call. */
  written(): string;
  /** Colours of the cells of a line on the screen: palette numbers, -1 where it is the default. */
  colorsOf(row: number): Promise<number[]>;
}

export function createScreen({ columns = 80, rows = 24 } = {}): Screen {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 1_000,
    allowProposedApi: true,
    convertEol: true,
  });
  const events = new EventEmitter();
  let written = '';
  let pending: Promise<void> = Promise.resolve();
  const out = {
    columns,
    rows,
    write(text: string) {
      written += text;
      pending = new Promise((done) => terminal.write(text, done));
    },
    on: (event: 'resize', listener: () => void) => events.on(event, listener),
    off: (event: 'resize', listener: () => void) => events.off(event, listener),
  };
  const lines = (from: number) => {
    const { active } = terminal.buffer;
    const texts = Array.from(
      { length: active.length - from },
      (_, index) => active.getLine(from + index)?.translateToString(true) ?? '',
    );
    return texts.slice(0, texts.findLastIndex((text) => text !== '') + 1);
  };
  return {
    out,
    async seen() {
      await pending;
      return lines(terminal.buffer.active.baseY);
    },
    async all() {
      await pending;
      return lines(0);
    },
    async resize(width, height) {
      await pending;
      terminal.resize(width, height);
      out.columns = width;
      out.rows = height;
      events.emit('resize');
      await pending;
    },
    written() {
      const text = written;
      written = '';
      return text;
    },
    async colorsOf(row) {
      await pending;
      const line = terminal.buffer.active.getLine(terminal.buffer.active.baseY + row);
      return Array.from({ length: terminal.cols }, (_, index) => line?.getCell(index)?.getFgColor() ?? -1);
    },
  };
}
