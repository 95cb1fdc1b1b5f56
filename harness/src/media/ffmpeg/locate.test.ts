import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installCommand, locateTool } from './locate.ts';

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-locate-'));
  program = join(folder, 'ffmpeg');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'ffprobe'), 'not executable');
  mkdirSync(join(folder, 'sub', 'ffmpeg'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('locateTool', () => {
  it('finds the first program on PATH, passing over folders of that name and files that do not run', () => {
    expect(locateTool('ffmpeg', { PATH: `${join(folder, 'sub')}:relative:${folder}` })).toBe(program);
    expect(() => locateTool('ffprobe', { PATH: folder })).toThrow('ffprobe is not installed');
  });

  it('prefers what the environment names, by path or by name', () => {
    expect(locateTool('ffprobe', { PATH: '', TESTCARD_FFPROBE: program })).toBe(program);
    expect(locateTool('ffprobe', { PATH: folder, TESTCARD_FFPROBE: 'ffmpeg' })).toBe(program);
  });

  it('does not fall back to PATH when the environment names something that is no program', () => {
    const env = { PATH: folder, TESTCARD_FFMPEG: join(folder, 'gone') };
    expect(() => locateTool('ffmpeg', env)).toThrow(/TESTCARD_FFMPEG names .*gone, which is no program/);
  });

  it('says how to install it', () => {
    const hint = expect.stringContaining('install');
    expect(() => locateTool('ffmpeg', { PATH: '' })).toThrow(expect.objectContaining({ code: 'FFMPEG_MISSING', hint }));
    expect(installCommand('linux', true)).toBe('apt-get update && apt-get install -y --no-install-recommends ffmpeg');
    expect(installCommand('linux', false)).toContain('sudo apt-get install');
    expect(installCommand('darwin')).toBe('brew install ffmpeg');
  });
});
