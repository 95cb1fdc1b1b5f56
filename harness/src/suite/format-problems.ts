// Problems as a person reads them: place, what is wrong, what was probably meant, and the lines of the file.

import { relative } from 'node:path';
import pc from 'picocolors';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { codeFrame } from './code-frame.ts';

export interface FormatOptions {
  color: boolean;
  /** Files are shown relative to this folder. Default: the working folder. */
  from?: string;
}

/** One paragraph a problem, then a line that counts them. Empty without problems. */
export function formatProblems(
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  { color, from = process.cwd() }: FormatOptions,
): string {
  if (problems.length === 0) return '';
  const paint = pc.createColors(color);
  const frames = { strong: paint.red, faint: paint.dim };
  const paragraphs = problems.map(({ severity, message, hint, position }) => {
    const bad = severity === 'error';
    const head = `${paint.bold(placeFrom(position, from))} ${bad ? paint.red('error') : paint.yellow('warning')} ${oneLine(message)}`;
    const text = texts.get(position.file);
    const frame =
      text === undefined ? '' : codeFrame(text, position, bad ? frames : { ...frames, strong: paint.yellow });
    return [head, hint === undefined ? '' : `  ${paint.cyan(oneLine(hint))}`, frame]
      .filter((part) => part !== '')
      .join('\n');
  });
  return `${paragraphs.join('\n\n')}\n\n${countProblems(problems)}\n`;
}

/** `2 errors and 1 warning in 1 file` */
function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const files = new Set(problems.map(({ position }) => position.file)).size;
  const parts = [count(errors, 'error'), count(warnings, 'warning')].filter((part) => part !== undefined);
  return `${parts.join(' and ') || 'no problems'} in ${files} ${files === 1 ? 'file' : 'files'}`;
}

function count(number: number, word: string): string | undefined {
  return number === 0 ? undefined : `${number} ${word}${number === 1 ? '' : 's'}`;
}

function placeFrom({ file, line, col }: Position, from: string): string {
  const near = relative(from, file);
  return `${near.startsWith('../../../') || near === '' ? file : near}:${line}:${col}`;
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');
