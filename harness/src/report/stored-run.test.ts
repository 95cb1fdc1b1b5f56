import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RUN_FORMAT } from '../model/run-record.ts';
import { newestRun, openStoredRun } from './stored-run.ts';

let reports: string;
let folder: string;

beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'testcard-stored-'));
  folder = join(reports, '2026-01-02_03-04-05-1');
  mkdirSync(folder);
});
afterEach(() => rmSync(reports, { recursive: true, force: true }));

const result = (more: object = {}) =>
  JSON.stringify({ run: 'r', folder: 'reports/r', verdict: 'passed', exitCode: 0, suites: [], errors: [], ...more });

function timeline(at: string, lines: string[], end = '\n'): void {
  mkdirSync(join(folder, at), { recursive: true });
  writeFileSync(join(folder, at, 'timeline.ndjson'), `${lines.join('\n')}${end}`);
}

const LOG = '{"type":"log","atMs":1,"service":"worker","stream":"stdout","text":"up"}';

describe('a stored run', () => {
  test('is read with its suites in order of round and retry', () => {
    writeFileSync(join(folder, 'results.json'), result());
    for (const at of ['round-2/suites/a', 'round-1/suites/b', 'round-1/suites/a', 'round-1/retry-1/suites/a']) {
      timeline(at, [LOG]);
    }
    const { suites, notes, format } = openStoredRun(folder);
    expect(suites.map(({ suite, round, retry }) => `${suite} ${round} ${retry}`)).toEqual([
      'a 1 0',
      'b 1 0',
      'a 1 1',
      'a 2 0',
    ]);
    expect(notes).toEqual([]);
    expect(format).toBe(1);
  });

  test('keeps a torn last line out, and says so once', () => {
    timeline('suites/a', [LOG, '{"type":"log","atMs":2,"serv'], '');
    const run = openStoredRun(folder);
    const [suite] = run.suites;
    expect([...(suite?.events() ?? [])]).toEqual([JSON.parse(LOG)]);
    expect([...(suite?.events() ?? [])]).toHaveLength(1);
    expect(run.notes).toEqual([
      expect.stringContaining('there is no results.json'),
      expect.stringMatching(/^a: the last line of its timeline \(2\) is torn/),
    ]);
  });

  test('goes on after a damaged line in the middle, and says which it is', () => {
    timeline('suites/a', [LOG, '{"type":', LOG, '{"no":"type"}', LOG]);
    const run = openStoredRun(folder);
    expect([...(run.suites[0]?.events() ?? [])]).toHaveLength(3);
    expect(run.notes.slice(1).map((note) => note.slice(0, 45))).toEqual([
      expect.stringContaining('a: line 2 of its timeline is damaged'),
      expect.stringContaining('a: line 4 of its timeline is damaged'),
    ]);
  });

  test('is read whole when records are longer than what is read at a time', () => {
    const long = JSON.stringify({ ...JSON.parse(LOG), text: 'ü'.repeat(1_500_000) });
    timeline('suites/a', [LOG, long, LOG]);
    const events = [...(openStoredRun(folder).suites[0]?.events() ?? [])];
    expect(events.map((event) => JSON.stringify(event).length)).toEqual([LOG.length, long.length, LOG.length]);
  });

  test('is bounded: a timeline or a record that is too long is refused', () => {
    timeline('suites/a', [LOG, LOG]);
    const read = (limits: object) => () => [...(openStoredRun(folder, limits).suites[0]?.events() ?? [])];
    expect(read({ timelineBytes: 100 })).toThrow(/has 146 bytes, more than 100/);
    timeline('suites/a', [LOG, LOG], '');
    expect(read({ lineBytes: 50 })).toThrow(/a line of more than 50 bytes/);
    writeFileSync(join(folder, 'results.json'), result());
    expect(() => openStoredRun(folder, { resultBytes: 10 })).toThrow(/more than 10/);
  });

  test('of a version that is not known is refused', () => {
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ format: RUN_FORMAT + 1 }));
    expect(() => openStoredRun(folder)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(`format ${RUN_FORMAT + 1}`) }),
    );
    writeFileSync(join(folder, 'run.json'), JSON.stringify({}));
    expect(() => openStoredRun(folder)).toThrow(/format undefined, and this Testcard reads 1 to/);
  });

  test('lists the logs of services and the files of a case', () => {
    timeline('suites/a', [LOG]);
    mkdirSync(join(folder, 'suites/a/logs'));
    mkdirSync(join(folder, 'suites/a/one'));
    writeFileSync(join(folder, 'suites/a/logs/worker.log'), 'up\n');
    writeFileSync(join(folder, 'suites/a/one/output.flv'), 'FLV');
    const [suite] = openStoredRun(folder).suites;
    expect(suite?.logs).toMatchObject([{ service: 'worker', bytes: 3 }]);
    expect(suite?.filesOf('one')).toMatchObject([{ name: 'output.flv', bytes: 3 }]);
    expect(suite?.filesOf('../one')).toEqual([]);
    expect(suite?.filesOf('two')).toEqual([]);
  });

  test('that is none is refused', () => {
    expect(() => openStoredRun(folder)).toThrow(/holds no run/);
    expect(() => openStoredRun(join(reports, 'nowhere'))).toThrow(/there is no run/);
  });

  test('that is the newest is found among other folders', () => {
    expect(() => newestRun(reports)).toThrow(/there is no run below/);
    writeFileSync(join(folder, 'results.json'), result());
    mkdirSync(join(reports, '2026-02-02_03-04-05-1')); // empty: refused before it began
    mkdirSync(join(reports, 'up'));
    appendFileSync(join(reports, 'README.md'), '');
    expect(newestRun(reports)).toBe(folder);
  });
});
