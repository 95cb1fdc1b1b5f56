// How bad a log line is and what it says in a few words, whatever wrote it: JSON of common loggers, or plain text.

export interface LogWords {
  level: 'error' | 'warn' | 'other';
  /** One short line. */
  text: string;
}

const LONGEST = 160;
/** Longer lines are data; looking for words in them costs more than it tells. */
const LONGEST_READ = 64 * 1024;
/** Fields that every line has: who and when, which stand beside the line anyway. */
const COMMON = new Set([
  'level',
  'severity',
  'lvl',
  'time',
  'timestamp',
  'ts',
  '@timestamp',
  'pid',
  'hostname',
  'service',
  'name',
  'msg',
  'message',
  'v',
]);
const BAD_WORDS = /\b(?:error|fatal|panic|critical|uncaught|unhandled|traceback|exception)\b|\b(?:ERR|CRIT)\b/i;
const WARNING_WORDS = /\bwarn(?:ing)?\b|\bWRN\b/i;

export function readLogLine(line: string): LogWords {
  const fields = line.startsWith('{') && line.length <= LONGEST_READ ? parse(line) : undefined;
  if (!fields) {
    const start = line.slice(0, 400);
    const level = BAD_WORDS.test(start) ? 'error' : WARNING_WORDS.test(start) ? 'warn' : 'other';
    return { level, text: short(line.trim()) };
  }
  const level = levelOf(fields.level ?? fields.severity ?? fields.lvl);
  if (level === 'other') return { level, text: '' };
  const message = fields.msg ?? fields.message ?? fields.event;
  const more = Object.entries(fields)
    .filter(([name, value]) => !COMMON.has(name) && value !== message && value !== null)
    .map(([name, value]) => `${name}=${shownValue(value)}`);
  return { level, text: short([typeof message === 'string' ? message : '', ...more].filter(Boolean).join(' ')) };
}

/** Names of most loggers, and the numbers of those of Node (40 warn, 50 error, 60 fatal). */
function levelOf(level: unknown): LogWords['level'] {
  if (typeof level === 'number') return level >= 50 ? 'error' : level >= 40 ? 'warn' : 'other';
  const name = String(level).toLowerCase();
  if (/^(err|error|fatal|crit|critical|panic|alert|emerg|emergency)$/.test(name)) return 'error';
  return /^(warn|warning)$/.test(name) ? 'warn' : 'other';
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return /[\s"]/.test(value) ? JSON.stringify(value) : value;
  if (typeof value !== 'object' || value === null) return String(value);
  const { message } = value as { message?: unknown }; // errors
  return JSON.stringify(typeof message === 'string' ? message : value);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a service's own colours would disturb ours
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f]/g;

function short(text: string): string {
  const clean = text.replace(CONTROL, '');
  return clean.length <= LONGEST ? clean : `${clean.slice(0, LONGEST - 1)}…`;
}
