// Starts one of the repository's programs on Node 24, after installing what is missing. Runs on any Node ≥ 20 with nothing installed,
// so it is plain JavaScript without dependencies.
//
//   node harness/setup/launch.mjs [--need ffmpeg] [--want chromium] -- <program.ts> [args…]
//
// What is wanted is installed where that goes without asking; where it does not, one line says what is left out.
// Exit code: the program's own; 3 when something is missing and could not be installed (one line says what to run).

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const separator = process.argv.indexOf('--', 2);
const words = process.argv.slice(2, separator);
const asked = (option) => words.filter((_, index) => words[index - 1] === option);
const needs = asked('--need');
const wants = asked('--want');
const program = process.argv.slice(separator + 1);

function fail(message) {
  process.stderr.write(`testcard: ${message}\n`);
  process.exit(3);
}

const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const stamp = join(root, 'node_modules', '.testcard-installed');

/** The lock file and every workspace's manifest: a change in any of them means another install. */
function manifestHash() {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(root, 'package-lock.json')));
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex');
}

function installPackages() {
  const wanted = manifestHash();
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('testcard: installing npm packages (first run or changed lock file; about half a minute) …\n');
  const startedAt = Date.now();
  // Not `npm ci`: it refuses a lock file that lacks other platforms' optional packages. `--no-save` leaves the lock file as it is.
  // npm says where it itself is when it runs a script; otherwise the one on PATH is used.
  const npm = process.env.npm_execpath;
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0 || !existsSync(node)) {
    fail('npm packages could not be installed; run `npm install` in the repository and read what it says');
  }
  writeFileSync(stamp, wanted);
  process.stderr.write(`testcard: npm packages installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s\n`);
}

function works(command) {
  return spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0;
}

/** Where Debian's packages can be installed without a question: the words that it begins with. */
function aptPrefix() {
  if (spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}

/** True when it is installed. */
function aptInstall(prefix, name, ...more) {
  const run = (...command) => {
    const [file, ...rest] = [...prefix, 'apt-get', ...command];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(file, rest, { stdio: ['ignore', 'ignore', 2], env }).status;
  };
  process.stderr.write(`testcard: installing ${name} with apt-get (about half a minute) …\n`);
  run('update', '-qq');
  return run('install', '-y', '-qq', '--no-install-recommends', name, ...more) === 0;
}

function installFfmpeg() {
  if (works(process.env.TESTCARD_FFMPEG ?? 'ffmpeg') && works(process.env.TESTCARD_FFPROBE ?? 'ffprobe')) return;
  const prefix = aptPrefix();
  if (!prefix) {
    const command =
      spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
        ? 'sudo apt-get install -y ffmpeg'
        : process.platform === 'darwin'
          ? 'brew install ffmpeg'
          : 'your package manager, for example: sudo dnf install ffmpeg';
    fail(`ffmpeg and ffprobe are needed and not on PATH; install them with: ${command}`);
  }
  if (!aptInstall(prefix, 'ffmpeg') || !works('ffmpeg')) {
    fail('ffmpeg could not be installed; run: sudo apt-get update && sudo apt-get install -y ffmpeg');
  }
}

/** For tests of the report; they look in the same places, and are skipped without one. */
function installChromium() {
  const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  if ([process.env.TESTCARD_CHROMIUM, ...places].some((path) => path && existsSync(path))) return;
  const prefix = aptPrefix();
  if (!prefix || !aptInstall(prefix, 'chromium', 'fonts-dejavu-core')) {
    process.stderr.write(
      'testcard: no chromium, tests of the report in a browser are left out; install one with: apt-get install -y chromium\n',
    );
  }
}

installPackages();
if (needs.includes('ffmpeg')) installFfmpeg();
if (wants.includes('chromium')) installChromium();

const [file, ...args] = program;
if (!file)
  fail('nothing to start: node harness/setup/launch.mjs [--need ffmpeg] [--want chromium] -- <program> [args…]');
// The channel tells the program when this launcher is gone, however it went: a killed `npm run e2e` must not leave a run behind.
const child = spawn(node, [join(root, file), ...args], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
});
// A terminal sends Ctrl-C to the whole group; the program decides how to end, this launcher only waits for it.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
