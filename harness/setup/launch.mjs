// Starts one of the repository's programs on Node 24, after installing what is missing. Runs on any Node ≥ 20 with nothing installed,
// so it is plain JavaScript without dependencies.
//
//   node harness/setup/launch.mjs [--need ffmpeg] -- <program.ts> [args…]
//
// Exit code: the program's own; 3 when something is missing and could not be installed (one line says what to run).

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const separator = process.argv.indexOf('--', 2);
const needs = process.argv.slice(2, separator).filter((word) => word !== '--need');
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

function installFfmpeg() {
  if (works(process.env.TESTCARD_FFMPEG ?? 'ffmpeg') && works(process.env.TESTCARD_FFPROBE ?? 'ffprobe')) return;
  const apt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  const isRoot = process.getuid?.() === 0;
  const canSudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!apt || !(isRoot || canSudo)) {
    const command = apt
      ? 'sudo apt-get install -y ffmpeg'
      : process.platform === 'darwin'
        ? 'brew install ffmpeg'
        : 'your package manager, for example: sudo dnf install ffmpeg';
    fail(`ffmpeg and ffprobe are needed and not on PATH; install them with: ${command}`);
  }
  process.stderr.write('testcard: installing ffmpeg with apt-get (about half a minute) …\n');
  const run = (...words) => {
    const argv = isRoot ? words : ['sudo', '-n', ...words];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 2], env }).status;
  };
  run('apt-get', 'update', '-qq');
  if (run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'ffmpeg') !== 0 || !works('ffmpeg')) {
    fail('ffmpeg could not be installed; run: sudo apt-get update && sudo apt-get install -y ffmpeg');
  }
}

installPackages();
if (needs.includes('ffmpeg')) installFfmpeg();

const [file, ...args] = program;
if (!file) fail('nothing to start: node harness/setup/launch.mjs [--need ffmpeg] -- <program> [args…]');
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
