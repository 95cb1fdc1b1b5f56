import { existsSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ProcessGuard } from '../../model/processes.ts';
import { runTool, startTool, toolFailed } from './run-tool.ts';

const card = (seconds: number) => ['-loglevel', 'error', '-f', 'lavfi', '-i', `testsrc2=s=64x64:r=25:d=${seconds}`];
/** With `stdin: 'pipe'`, waits for input that never comes. */
const waiting = ['-loglevel', 'warning', '-f', 's16le', '-i', 'pipe:0', '-f', 'null', '-'];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startTool', () => {
  it('hands out several pipes at the pace of their readers', async () => {
    const tool = startTool('ffmpeg', [...card(2), '-f', 'rawvideo', 'pipe:1', '-f', 'framecrc', 'pipe:3'], {
      stdout: 'pipe',
      extraPipes: 1,
      stallMs: 1_500,
    });
    let lines = '';
    tool.extra[0]?.on('data', (chunk: Buffer) => {
      lines += chunk.toString();
    });
    tool.extra[0]?.resume();
    let bytes = 0;
    let paused = false;
    for await (const chunk of tool.stdout ?? []) {
      bytes += (chunk as Buffer).length;
      if (paused) continue;
      paused = true;
      // A slow reader is not a stall: longer than stallMs, in which FFmpeg cannot write.
      const from = performance.now();
      await expect.poll(() => performance.now() - from, { timeout: 5_000 }).toBeGreaterThan(2_200);
    }
    const { ending, exitCode } = await tool.ended;
    expect({ ending, exitCode }).toEqual({ ending: 'exited', exitCode: 0 });
    expect(bytes).toBe(50 * 64 * 64 * 1.5);
    expect(lines.split('\n').filter((line) => line.startsWith('0,'))).toHaveLength(50);
  });

  it('reports progress up to the last frame', async () => {
    const frames: (number | undefined)[] = [];
    const tool = startTool('ffmpeg', [...card(1), '-f', 'null', '-'], {
      onProgress: ({ frame }) => frames.push(frame),
    });
    await tool.ended;
    expect(frames.at(-1)).toBe(25);
  });

  it.each([{ share: 'low' as const }, {}])(
    'gives way to the others on the machine only when asked: %o',
    async (asked) => {
      const tool = startTool('ffmpeg', waiting, { stdin: 'pipe', ...asked });
      const nice = 'share' in asked ? 5 : getPriority();
      expect(getPriority(tool.pid)).toBe(nice);
      const group = `/proc/${tool.pid}/autogroup`;
      if (existsSync(group)) expect(readFileSync(group, 'utf8')).toMatch(new RegExp(` nice ${nice}$`, 'm'));
      await tool.stop(0);
    },
  );

  it('goes before the others when asked, where that is allowed', async () => {
    const tool = startTool('ffmpeg', waiting, { stdin: 'pipe', share: 'high' });
    if (getPriority(tool.pid) !== -10) expect(() => setPriority(tool.pid, -10)).toThrow(/EACCES|EPERM/);
    await tool.stop(0);
  });

  it('kills what does not move, and says so', async () => {
    const { ending, reason } = await startTool('ffmpeg', waiting, { stdin: 'pipe', stallMs: 400 }).ended;
    expect(ending).toBe('stalled');
    expect(reason).toMatch(/^ffmpeg made no progress for 400 ms/);
  });

  it('ends the process when the signal aborts, and lets its guard go', async () => {
    const control = new AbortController();
    const adopted: number[] = [];
    let released = 0;
    const guard: ProcessGuard = {
      adopt(pid) {
        adopted.push(pid);
        return () => {
          released += 1;
        };
      },
    };
    const tool = startTool('ffmpeg', waiting, { stdin: 'pipe', signal: control.signal, guard });
    expect(adopted).toEqual([tool.pid]);
    expect(isAlive(tool.pid)).toBe(true);
    control.abort();
    expect((await tool.ended).ending).toBe('aborted');
    expect(isAlive(tool.pid)).toBe(false);
    expect(released).toBe(1);
  });

  it('kills one that ignores SIGTERM', async () => {
    const tool = startTool('ffmpeg', [...card(3_600), '-f', 'rawvideo', 'pipe:1'], { stdout: 'pipe' });
    tool.stdout?.read(0); // fills the pipe and its buffer; then FFmpeg hangs in a write, where SIGTERM does not reach it
    await expect.poll(() => tool.stdout?.readableLength ?? 0).toBeGreaterThan(10_000);
    const { ending, signal } = await tool.stop(200);
    expect({ ending, signal }).toEqual({ ending: 'stopped', signal: 'SIGKILL' });
    expect(isAlive(tool.pid)).toBe(false);
  });

  it('keeps only the end of a long log', async () => {
    const { logTail } = await startTool('ffmpeg', ['-v', 'trace', ...card(1).slice(2), '-f', 'null', '-']).ended;
    expect(logTail).toHaveLength(40);
  });

  it('refuses to start for a signal that has already aborted', () => {
    expect(() => startTool('ffmpeg', waiting, { signal: AbortSignal.abort(new Error('too late')) })).toThrow(
      'too late',
    );
  });
});

describe('runTool', () => {
  it('collects what the tool prints', async () => {
    const { stdout, exitCode } = await runTool('ffprobe', ['-version']);
    expect(exitCode).toBe(0);
    expect(stdout.toString()).toContain('ffprobe version');
  });

  it('says why a tool failed in one line', async () => {
    const result = await runTool('ffprobe', ['-v', 'error', '/none.mp4']);
    expect(result.exitCode).not.toBe(0);
    const error = toolFailed('probe /none.mp4', result);
    expect(error).toMatchObject({
      code: 'FFMPEG_FAILED',
      message: 'probe /none.mp4: /none.mp4: No such file or directory',
    });
  });

  it('does not let a tool fill the memory', async () => {
    const endless = runTool('ffmpeg', [...card(3_600), '-f', 'rawvideo', 'pipe:1'], { maxBytes: 1_000_000 });
    await expect(endless).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});
