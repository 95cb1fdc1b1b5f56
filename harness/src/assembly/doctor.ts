// Looks at what runs need of this machine, each with the one command that gets it.

import { accessSync, constants, existsSync, globSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnvironment } from '../environment/index.ts';
import { installCommand, runTool } from '../media/index.ts';
import type { EnvironmentSpec } from '../model/environment.ts';
import { toTestcardError } from '../model/errors.ts';
import type { RuntimeName } from '../model/suite.ts';
import { projectFolders } from './project.ts';

export interface Finding {
  name: string;
  state: 'ok' | 'missing' | 'warning';
  detail: string;
  remedy?: string;
}

/** Recordings of a P1 run come to about 200 MB. */
const WANTED_FREE_BYTES = 1e9;
const MIN_NODE = [22, 18] as const;

/** `runtime`: what is only needed by the other one is a warning at most. */
export async function examineMachine(runtime: RuntimeName, signal: AbortSignal): Promise<Finding[]> {
  return [
    examineNode(),
    ...(await Promise.all([examineTool('ffmpeg', signal), examineTool('ffprobe', signal)])),
    await examineEncoders(signal),
    ...examineProject(),
    ...(await examineDocker(runtime, signal)),
  ];
}

function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const detail = `${process.versions.node}, needed ≥ ${MIN_NODE.join('.')}`;
  return enough
    ? { name: 'node', state: 'ok', detail }
    : { name: 'node', state: 'missing', detail, remedy: 'npm install -D node@24' };
}

async function examineTool(name: 'ffmpeg' | 'ffprobe', signal: AbortSignal): Promise<Finding> {
  try {
    const { stdout } = await runTool(name, ['-version'], { signal });
    const version = /version (\S+)/.exec(String(stdout))?.[1] ?? 'of unknown version';
    return { name, state: 'ok', detail: version };
  } catch (error) {
    const { message } = toTestcardError(error);
    return { name, state: 'missing', detail: message, remedy: installCommand() };
  }
}

/** Fixtures are H.264 and AAC; some builds of FFmpeg come without x264. */
async function examineEncoders(signal: AbortSignal): Promise<Finding> {
  const name = 'encoders';
  try {
    const { stdout } = await runTool('ffmpeg', ['-encoders'], { signal });
    const missing = ['libx264', 'aac'].filter(
      (encoder) => !new RegExp(`^ [VA]\\S* ${encoder} `, 'm').test(String(stdout)),
    );
    if (missing.length === 0) return { name, state: 'ok', detail: 'libx264, aac' };
    return { name, state: 'missing', detail: `ffmpeg lacks ${missing.join(', ')}`, remedy: installCommand() };
  } catch {
    return { name, state: 'missing', detail: 'ffmpeg could not be asked', remedy: installCommand() };
  }
}

async function examineDocker(runtime: RuntimeName, signal: AbortSignal): Promise<Finding[]> {
  const { examineEngine } = await import('../runtime/compose/examine-engine.ts');
  const found = await examineEngine(environmentsHere(), signal);
  return found.map(({ name, isThere, detail, remedy }) => ({
    name,
    state: isThere ? 'ok' : runtime === 'compose' ? 'missing' : 'warning',
    detail: isThere || runtime === 'compose' ? detail : `${detail}: --runtime compose needs it`,
    ...(remedy === undefined ? {} : { remedy }),
  }));
}

/** Environments under compose/ that can be read. */
function environmentsHere(): EnvironmentSpec[] {
  const { root } = projectFolders();
  return globSync('compose/*/compose.y{,a}ml', { cwd: root }).flatMap((file) => {
    try {
      return loadEnvironment(join(root, file), 'compose').spec ?? [];
    } catch {
      return []; // `validate` says what is wrong with it
    }
  });
}

function examineProject(): Finding[] {
  const { root, fixtures } = projectFolders();
  const findings: Finding[] = [];
  try {
    accessSync(root, constants.W_OK);
    const { bavail, bsize } = statfsSync(root);
    const free = `${((bavail * bsize) / 1e9).toFixed(1)} GB free for reports and fixtures`;
    findings.push({ name: 'disk', state: bavail * bsize > WANTED_FREE_BYTES ? 'ok' : 'warning', detail: free });
  } catch {
    findings.push({
      name: 'disk',
      state: 'missing',
      detail: `${root} cannot be written to`,
      remedy: 'run in a folder of your own',
    });
  }
  findings.push(
    existsSync(fixtures)
      ? { name: 'fixtures', state: 'ok', detail: 'fixtures/' }
      : {
          name: 'fixtures',
          state: 'warning',
          detail: 'no fixtures/ here: run in the folder that holds suites/, compose/ and fixtures/',
        },
  );
  return findings;
}
