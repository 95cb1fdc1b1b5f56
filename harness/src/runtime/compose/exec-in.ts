// One program in a running container, from its start to its end.

import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import type { Executed } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';

const MAX_OUTPUT_BYTES = 1024 * 1024;
const ENDS_WITHIN_MS = 60_000;

/** The program is not ended when `signal` aborts: the engine has no call for that. Whoever waits is let go. */
export async function execIn(
  container: Docker.Container,
  argv: readonly string[],
  signal: AbortSignal,
  stdin?: string,
): Promise<Executed> {
  const { exec, output } = await startExec(container, argv, stdin !== undefined);
  if (stdin !== undefined) output.raw.end(stdin);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN_MS)]);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () =>
    reject(
      signal.aborted
        ? signal.reason
        : new TestcardError('STEP_INCONCLUSIVE', `${argv[0]} did not end within ${ENDS_WITHIN_MS} ms`),
    );
  bounded.addEventListener('abort', onAbort, { once: true });
  if (bounded.aborted) onAbort();
  try {
    await Promise.race([output.ended, aborted]);
  } finally {
    bounded.removeEventListener('abort', onAbort);
    aborted.catch(() => {});
    output.raw.destroy();
  }
  const { ExitCode } = await exec.inspect();
  return { code: ExitCode ?? -1, stdout: output.stdout(), stderr: output.stderr() };
}

export interface ExecOutput {
  raw: NodeJS.ReadWriteStream & { destroy(): void };
  ended: Promise<void>;
  stdout(): string;
  stderr(): string;
  onData(listener: () => void): void;
}

export async function startExec(
  container: Docker.Container,
  argv: readonly string[],
  hasInput: boolean,
): Promise<{ exec: Docker.Exec; output: ExecOutput }> {
  const exec = await container.exec({
    Cmd: [...argv],
    AttachStdin: hasInput,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
  });
  const raw = await exec.start({ hijack: hasInput, stdin: hasInput });
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const listeners: (() => void)[] = [];
  const collect = (name: 'stdout' | 'stderr'): PassThrough => {
    let bytes = 0;
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) kept[name].push(chunk);
      for (const listener of listeners) listener();
    });
    return stream;
  };
  container.modem.demuxStream(raw, collect('stdout'), collect('stderr'));
  const ended = new Promise<void>((resolve, reject) => {
    raw.once('end', resolve);
    raw.once('close', resolve);
    raw.once('error', reject);
  });
  const textOf = (name: 'stdout' | 'stderr') => Buffer.concat(kept[name]).toString('utf8');
  return {
    exec,
    output: {
      raw: raw as ExecOutput['raw'],
      ended,
      stdout: () => textOf('stdout'),
      stderr: () => textOf('stderr'),
      onData: (listener) => listeners.push(listener),
    },
  };
}
