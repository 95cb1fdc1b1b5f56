// What goes wrong outside the pipeline's promises: each is one line that says what, where and what to do, with the right exit code.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject, type Project, RELAY_COMPOSE } from './testing/project.ts';

let project: Project;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const SHORT = 'duration: 3s\nvideo: { size: 320x180 }\n';

function relaySuite(steps: string): string {
  return `suite: relay\npriority: P1\nenvironment: relay\ncases:\n  - case: any\n    timeout: 30s\n    steps:\n${steps}`;
}

describe('bad input', () => {
  it('names an unknown fixture, its line and the near one, before anything starts', async () => {
    project.write('compose/relay/compose.yaml', RELAY_COMPOSE);
    project.write('fixtures/short.yaml', SHORT);
    project.write(
      'suites/a.suite.yaml',
      relaySuite(
        '      - publish: { fixture: shrot, to: "rtsp://relay:8554/in" }\n      - expect: { service: relay, state: ready }\n',
      ),
    );
    const { exitCode, stderr } = await project.cli(['run']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/suites\/a\.suite\.yaml:8:29/);
    expect(stderr).toContain('short');
  });

  it('names an unknown service in an address, its line and the near one', async () => {
    project.write(
      'suites/a.suite.yaml',
      'suite: a\npriority: P1\nenvironment: tiny\ncases:\n  - case: any\n    steps:\n      - request: { url: "http://conter:8000/", status: 200 }\n',
    );
    const { exitCode, stderr } = await project.cli(['run']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/a\.suite\.yaml:7:\d+/);
    expect(stderr).toContain('counter');
  });

  it('names an environment that is not there, and the near one', async () => {
    project.write(
      'suites/a.suite.yaml',
      'suite: a\npriority: P1\nenvironment: tniy\ncases:\n  - case: any\n    steps: [{ expect: { service: counter, state: ready } }]\n',
    );
    const { exitCode, stderr } = await project.cli(['run']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/a\.suite\.yaml:3:14/);
    expect(stderr).toContain('tiny');
  });

  it('shows every problem of a Compose file that cannot be read, at its place', async () => {
    project.write('compose/tiny/compose.yaml', 'services:\n  counter:\n    ports: [["8000"]]\n   bad: indent\n');
    project.write(
      'suites/a.suite.yaml',
      'suite: a\npriority: P1\nenvironment: tiny\ncases:\n  - case: any\n    steps: [{ expect: { service: counter, state: ready } }]\n',
    );
    const { exitCode, stderr } = await project.cli(['run']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/compose\/tiny\/compose\.yaml:\d+:\d+/);
    expect(stderr).not.toContain('    at ');
  });

  it('measures no corrupt, empty or absent recording: exit 3 (2 for a path that is not there), one line each', async () => {
    writeFileSync(join(project.folder, 'corrupt.flv'), Buffer.alloc(50_000, 0x5a));
    writeFileSync(join(project.folder, 'empty.flv'), '');
    const corrupt = await project.cli(['measure', 'corrupt.flv']);
    expect(corrupt.exitCode).toBe(3);
    expect(corrupt.stderr).toContain('corrupt.flv');
    const empty = await project.cli(['measure', 'empty.flv']);
    expect(empty.exitCode).toBe(3);
    expect(empty.stderr).toContain('empty.flv');
    const absent = await project.cli(['measure', 'absent.flv']);
    expect(absent.exitCode).toBeGreaterThan(1);
    expect(absent.stderr).toContain('absent.flv');
    for (const { stderr } of [corrupt, empty, absent]) {
      expect(stderr).not.toContain('    at ');
      expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    }
  });

  it('says which program is missing and the one command that installs it, when there is no ffmpeg', async () => {
    project.write('compose/relay/compose.yaml', RELAY_COMPOSE);
    project.write('fixtures/short.yaml', SHORT);
    project.write(
      'suites/a.suite.yaml',
      relaySuite(
        '      - publish: { fixture: short, to: "rtsp://relay:8554/in" }\n      - expect: { service: relay, state: ready }\n',
      ),
    );
    const onlyNode = join(project.folder, 'bin');
    mkdirSync(onlyNode);
    symlinkSync(process.execPath, join(onlyNode, 'node'));
    const env = { PATH: onlyNode, TESTCARD_FFMPEG: '', TESTCARD_FFPROBE: '' };
    const run = await project.cli(['run'], { env });
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/ffmpeg is not installed/);
    expect(run.stderr).toMatch(/install/);
    const doctor = await project.cli(['doctor'], { env });
    expect(doctor.exitCode).toBe(3);
    expect(doctor.stdout).toMatch(/missing\s+ffmpeg/);
  });

  it('is inconclusive when the relay is killed mid-run, names it, and leaves nothing', async () => {
    project.write('compose/relay/compose.yaml', RELAY_COMPOSE);
    project.write('fixtures/short.yaml', 'duration: 20s\nvideo: { size: 320x180 }\n');
    project.write(
      'suites/a.suite.yaml',
      relaySuite(
        '      - publish: { fixture: short, to: "rtsp://relay:8554/in" }\n      - wait: 15s\n      - expect: { service: relay, state: ready }\n',
      ),
    );
    const running = project.start(['run']);
    let output = '';
    let killed = false;
    running.all?.on('data', async (chunk: Buffer) => {
      output += chunk.toString();
      if (killed || !output.includes('✓ publish')) return;
      killed = true;
      // The relay of this project, by the run's own record of it: never another process.
      const timeline = readFileSync(join(project.runFolder(), 'suites/a/timeline.ndjson'), 'utf8');
      expect(timeline).toContain('relay');
      for (const pid of await processesOf(project.folder, 'media-relay')) process.kill(pid, 'SIGKILL');
    });
    const { exitCode } = await running;
    expect(killed).toBe(true);
    expect(exitCode).toBe(3);
    expect(output).toMatch(/publishing short to rtsp:\/\/relay:8554\/in broke off/);
    expect(output).toMatch(/relay was killed by SIGKILL/);
    expect(await processesOf(project.folder, '')).toEqual([]);
  });

  it('says which port is taken when a service cannot have its port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    // A service that insists on a port of its own rather than taking the one it is given.
    project.write(
      'counter.mjs',
      `import { createServer } from 'node:http'; createServer().listen(${port}, '127.0.0.1');`,
    );
    project.write(
      'suites/a.suite.yaml',
      'suite: a\npriority: P1\nenvironment: tiny\ncases:\n  - case: any\n    steps: [{ expect: { service: counter, state: ready } }]\n',
    );
    try {
      const { exitCode, output } = await project.cli(['run']);
      expect(exitCode).toBe(3);
      expect(output).toContain('counter');
      expect(output).toContain(String(port));
      expect(output).toMatch(/EADDRINUSE|taken|in use/);
    } finally {
      server.close();
    }
  });
});

/** Processes that were started below the project's folder and whose command contains `text`. */
async function processesOf(folder: string, text: string): Promise<number[]> {
  const { stdout } = await execa(
    'sh',
    [
      '-c',
      'for p in /proc/[0-9]*; do printf "%s %s " "${p#/proc/}" "$(readlink $p/cwd)"; tr "\\0" " " < $p/cmdline; echo; done 2>/dev/null',
    ],
    {
      reject: false,
    },
  );
  return stdout
    .split('\n')
    .filter((line) => line.split(' ')[1] === folder && line.includes(text))
    .map((line) => Number(line.split(' ')[0]));
}
