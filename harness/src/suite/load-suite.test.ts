// Suites and included files on disk.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSuite } from './load-suite.ts';
import { CHECK, sampleRegistry as registry, suiteWith } from './testing/sample-kinds.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-suite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string | Buffer): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

describe('a suite on disk', () => {
  test('is read with what it includes, each path relative to the file that names it', () => {
    mkdirSync(join(folder, 'shared/deep'), { recursive: true });
    write('shared/steps.yaml', 'include: deep/more.yaml\nblocks: { warm: [{ use: deep }] }\n');
    write('shared/deep/more.yaml', `blocks:\n  deep:\n    ${CHECK}\n`);
    const file = write('on-disk.suite.yaml', suiteWith('- use: warm', 'environment: e\ninclude: ./shared/steps.yaml'));
    const { suite, problems, texts } = loadSuite(file, { registry });
    expect(problems).toEqual([]);
    expect(suite).toMatchObject({ id: 'on-disk', file });
    expect([...texts.keys()]).toEqual([file, join(folder, 'shared/steps.yaml'), join(folder, 'shared/deep/more.yaml')]);
  });

  test('may have a byte-order mark', () => {
    const { problems } = loadSuite(write('bom.suite.yaml', `\uFEFF${suiteWith(CHECK)}`), { registry });
    expect(problems).toEqual([]);
  });

  test('that includes a file that is not there says so at its line', () => {
    const file = write('lost.suite.yaml', suiteWith(CHECK, 'environment: e\ninclude: nowhere.yaml'));
    const [problem] = loadSuite(file, { registry }).problems;
    expect(problem).toMatchObject({ position: { file, line: 3, col: 10 } });
    expect(problem?.message).toMatch(/^cannot read .*nowhere\.yaml: there is no such file$/);
  });
});

describe('a file that cannot be read', () => {
  test.each([
    ['is not there', () => join(folder, 'none.suite.yaml'), 'SUITE_NOT_FOUND', 'there is no such file'],
    ['is a folder', () => folder, 'SUITE_NOT_FOUND', 'it is a folder'],
    [
      'is larger than 1 MiB',
      () => write('big.suite.yaml', Buffer.alloc(1_100_000, 32)),
      'SUITE_INVALID',
      'is larger than 1 MiB',
    ],
    [
      'is no text',
      () => write('binary.suite.yaml', Buffer.from([0xff, 0xfe, 0x00, 0x80])),
      'SUITE_INVALID',
      'is not UTF-8 text',
    ],
  ])('%s', (_name, file, code, message) => {
    expect(() => loadSuite(file(), { registry })).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
