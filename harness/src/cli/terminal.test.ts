import { describe, expect, it } from 'vitest';
import { ASCII, UNICODE } from '../report/chars.ts';
import { terminalOf } from './terminal.ts';

const TERMINAL = { isTTY: true };
const PIPE = {};

describe('terminalOf', () => {
  it('draws live on a terminal, not in a pipe, not on a dumb one, and not for a build server', () => {
    expect(terminalOf(TERMINAL, { TERM: 'xterm' }).live).toBe(true);
    expect(terminalOf(PIPE, { TERM: 'xterm' }).live).toBe(false);
    expect(terminalOf(TERMINAL, { TERM: 'dumb' }).live).toBe(false);
    expect(terminalOf(TERMINAL, { TERM: 'xterm', CI: 'true' }).live).toBe(false);
    expect(terminalOf(TERMINAL, { TERM: 'xterm', CI: 'false' }).live).toBe(true);
  });

  it('colours a terminal unless NO_COLOR says no, and a pipe when FORCE_COLOR says so', () => {
    expect(terminalOf(TERMINAL, {}).color).toBe(true);
    expect(terminalOf(TERMINAL, { NO_COLOR: '1', FORCE_COLOR: '1' }).color).toBe(false);
    expect(terminalOf(TERMINAL, { NO_COLOR: '' }).color).toBe(true); // empty is not set: no-color.org
    expect(terminalOf(TERMINAL, { FORCE_COLOR: '0' }).color).toBe(false);
    expect(terminalOf(TERMINAL, { TERM: 'dumb' }).color).toBe(false);
    expect(terminalOf(PIPE, {}).color).toBe(false);
    expect(terminalOf(PIPE, { FORCE_COLOR: '1' }).color).toBe(true);
  });

  it('uses Unicode where the locale does or says nothing, else ASCII; the first variable that is set decides', () => {
    expect(terminalOf(TERMINAL, { LANG: 'C.UTF-8' }).chars).toBe(UNICODE);
    expect(terminalOf(TERMINAL, { LANG: 'en_US.utf8' }).chars).toBe(UNICODE);
    expect(terminalOf(TERMINAL, {}).chars).toBe(UNICODE);
    expect(terminalOf(TERMINAL, { LANG: 'C' }).chars).toBe(ASCII);
    expect(terminalOf(TERMINAL, { LC_ALL: 'POSIX', LANG: 'C.UTF-8' }).chars).toBe(ASCII);
    expect(terminalOf(TERMINAL, { LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }).chars).toBe(UNICODE);
    expect(terminalOf(TERMINAL, { LANG: 'C.UTF-8', TERM: 'dumb' }).chars).toBe(ASCII);
    expect(terminalOf(PIPE, { LANG: 'C.UTF-8', TERM: 'dumb' }).chars).toBe(UNICODE);
  });
});
