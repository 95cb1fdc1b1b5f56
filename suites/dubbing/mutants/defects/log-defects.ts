// Defects of what is told in words: log lines without a field, with another level, or missing.

import type { LogRecord } from '../mutant.ts';

export type LogDefect = (line: LogRecord) => LogRecord | undefined;

const about = (line: LogRecord, message: RegExp): boolean => typeof line.msg === 'string' && message.test(line.msg);

export function withoutField(message: RegExp, field: string): LogDefect {
  return (line) => {
    if (!about(line, message)) return line;
    const { [field]: _left, ...rest } = line;
    return rest;
  };
}

export const withField = (message: RegExp, field: string, value: unknown): LogDefect => {
  return (line) => (about(line, message) ? { ...line, [field]: value } : line);
};

export const withoutLine = (message: RegExp): LogDefect => {
  return (line) => (about(line, message) ? undefined : line);
};
