import { describe, expect, it } from 'vitest';
import { logLevel, logSentence } from './log-level.ts';

describe('logLevel', () => {
  it.each([
    ['{"level":"error","msg":"x"}', 'error'],
    ['{"level":50,"msg":"x"}', 'error'],
    ['{"level":30,"msg":"an error was avoided"}', 'info'],
    ['{"severity":"WARNING","message":"x"}', 'warn'],
    ['time=1 level=warn msg=x', 'warn'],
    ['2026/11/21 10:00:00 WAR [RTSP] slow reader', 'warn'],
    ['2026/11/21 10:00:00 INF [RTSP] error recovered', 'info'],
    ['nothing is said of it', 'info'],
    ['{"level":"trace","msg":"x"}', 'debug'],
  ] as const)('reads %s as %s', (line, level) => {
    expect(logLevel(line)).toBe(level);
  });
});

describe('logSentence', () => {
  it('says the message first, then what else the line has', () => {
    expect(logSentence('{"level":"info","time":1,"service":"w","msg":"sent","n":3,"of":{"a":1}}')).toBe(
      'sent n=3 of={"a":1}',
    );
  });

  it('says of a line that was cut what is whole of it', () => {
    const cut =
      '{"level":"warn","id":"cec1de7f-7c0a-4612-97f5-cb5e84eb4ce0","segment":1,"msg":"too late","reason":"not ans…';
    expect(logSentence(cut, true)).toBe('too late segment=1');
  });

  it('leaves lines alone that are no JSON', () => {
    expect(logSentence('{ torn')).toBe('{ torn');
    expect(logSentence('plain text')).toBe('plain text');
  });
});
