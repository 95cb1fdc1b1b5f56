// Reads a suite, and the files that it includes, from disk.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { TestcardError } from '../model/errors.ts';
import { type ParseOptions, type ParseResult, parseSuite } from './parse-suite.ts';
import { MAX_FILE_BYTES } from './source.ts';

/**
 * Parses a suite file. Everything wrong with its content is in `problems`; throws SUITE_NOT_FOUND or SUITE_INVALID when
 * the file itself cannot be read.
 */
export function loadSuite(file: string, options: Omit<ParseOptions, 'resolveInclude'>): ParseResult {
  const path = resolve(file);
  return parseSuite(readSuiteText(path), path, { ...options, resolveInclude: resolveFromDisk });
}

/** Finds an included file beside the one that includes it. */
export function resolveFromDisk(path: string, from: string): { file: string; text: string } {
  const file = resolve(dirname(from), path);
  return { file, text: readSuiteText(file) };
}

/** The file's text: UTF-8, at most 1 MiB. */
function readSuiteText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(file);
  } catch (error) {
    if (error instanceof TestcardError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const why =
      { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'it may not be read' }[code] ?? code;
    throw new TestcardError('SUITE_NOT_FOUND', `cannot read ${file}: ${why}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const position = { file, line: 1, col: 1 };
    throw new TestcardError('SUITE_INVALID', `${file} is not UTF-8 text`, { position, cause: error });
  }
}

function readBounded(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > MAX_FILE_BYTES) {
      const position = { file, line: 1, col: 1 };
      throw new TestcardError('SUITE_INVALID', `${file} is larger than 1 MiB`, { position });
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
