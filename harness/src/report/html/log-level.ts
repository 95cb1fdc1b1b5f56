// How grave a line of a log is, as far as the line itself says so.

import type { LogLevel } from './page-data.ts';

/** Names that loggers use, and the numbers of pino and bunyan. */
const BY_NAME: Record<string, LogLevel> = {
  trace: 'debug',
  debug: 'debug',
  verbose: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  err: 'error',
  error: 'error',
  fatal: 'error',
  panic: 'error',
  critical: 'error',
};
/** A JSON member, or `level=…` of logfmt; looked for instead of parsed, since there may be a hundred thousand lines. */
const MEMBER = /"(?:level|severity|lvl)"\s*:\s*(?:"([a-zA-Z]+)"|(\d+))|\blevel=([a-zA-Z]+)/;
/** A level as a word of its own near the beginning of a plain line: `2026/11/21 10:00:00 WAR [RTSP] …`. */
const WORD = /\b(TRACE|DEBUG|DEB|INFO|INF|WARN|WAR|WARNING|ERROR|ERR|FATAL|PANIC)\b/;
const SHORT: Record<string, LogLevel> = { deb: 'debug', inf: 'info', war: 'warn' };

export function logLevel(text: string): LogLevel {
  const member = MEMBER.exec(text);
  if (member) {
    const [, name, number, word] = member;
    if (number !== undefined) return levelOfNumber(Number(number));
    return BY_NAME[(name ?? word ?? '').toLowerCase()] ?? 'info';
  }
  const word = WORD.exec(text.slice(0, 64))?.[1]?.toLowerCase();
  return word === undefined ? 'info' : (BY_NAME[word] ?? SHORT[word] ?? 'info');
}

function levelOfNumber(number: number): LogLevel {
  if (number >= 50) return 'error';
  if (number >= 40) return 'warn';
  return number >= 30 ? 'info' : 'debug';
}

/** Identifiers: they tell nothing to who reads one line. */
const IDENTIFIER = /^(?=.*\d)[\w-]{18,}$/;

/** What a line says, for where there is room for a sentence only: a JSON line's message with its other members after it; `brief`: no ids. */
export function logSentence(text: string, isBrief = false): string {
  if (!text.startsWith('{')) return text;
  const fields = fieldsOf(text);
  if (!fields) return text;
  const { msg, message, event, level, time, timestamp, service, ...rest } = fields;
  const said = [msg ?? message ?? event].filter((part) => typeof part === 'string');
  const others = Object.entries({ ...(said[0] === event ? {} : { event }), ...rest })
    .filter(([, value]) => value !== undefined && value !== null)
    .filter(([, value]) => !isBrief || typeof value !== 'string' || !IDENTIFIER.test(value))
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return [...said, ...others].join(' ');
}

/** Of a line that was cut, what is whole of it. */
function fieldsOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    if (!text.endsWith('…')) return undefined;
    const pairs = [...text.matchAll(/"([^"\\]+)":("(?:[^"\\]|\\.)*"|-?[\d.]+(?=[,}])|true|false)/g)];
    if (pairs.length === 0) return undefined;
    return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, JSON.parse(value)]));
  }
}

/** The message of a line alone, by which like lines are known. */
export function logMessage(text: string): string {
  const member = /"(?:msg|message|event)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return member ?? text.replace(/\d+/g, '#').slice(0, 120);
}
