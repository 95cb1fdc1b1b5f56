// One life of a service as a container: started, its output as it comes, and how it ended.

import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { splitLines } from '../../base/lines.ts';
import type { Launch, ServiceExit } from '../supervision/service-life.ts';
import { reasonOf } from './engine.ts';

export interface ContainerLifeOptions {
  docker: Docker;
  id: string;
  /** Resolves with what happened to the engine; never when it stays. An answer that it owed then never ends. */
  engineLost: Promise<string>;
  /** Called when the engine does not tell of the container any more. */
  onEngineLost(reason: string): void;
}

// The engine closes the output right after the end; what it still holds back after this is not waited for.
const OUTPUT_WAIT_MS = 500;

/**
 * Begins a life of the container: its output is attached to before it starts, so that no line is missed. Signals that come before it runs
 * are sent as soon as it does, in order.
 */
export function containerLife({ docker, id, engineLost, onEngineLost }: ContainerLifeOptions): Launch {
  return (onLine) => {
    const container = docker.getContainer(id);
    const sent = new Set<NodeJS.Signals>();
    let pid: number | undefined;
    let isOver = false;
    let stopSignal: NodeJS.Signals = 'SIGTERM';

    const begin = async (): Promise<{ output: Promise<void> } | ServiceExit> => {
      try {
        const { output } = await attach(container, onLine);
        await container.start();
        const { State, Config } = await container.inspect();
        stopSignal = asSignal((Config as { StopSignal?: string }).StopSignal) ?? 'SIGTERM';
        pid = State.Pid || undefined;
        return { output };
      } catch (error) {
        return { problem: `its container could not be started: ${reasonOf(error)}` };
      }
    };

    const begun = begin();
    const live = async (): Promise<ServiceExit> => {
      const started = await begun;
      if (!('output' in started)) return started;
      try {
        // Not "the next exit": one that ended before this is asked must be told too.
        const exits = container.wait({ condition: 'not-running' }) as Promise<{ StatusCode: number }>;
        const { StatusCode } = await Promise.race([
          exits,
          engineLost.then((reason) => Promise.reject(new Error(reason))),
        ]);
        await Promise.race([started.output, new Promise((resolve) => setTimeout(resolve, OUTPUT_WAIT_MS).unref())]);
        const { State } = await container.inspect();
        return exitOf(StatusCode, State.OOMKilled, sent);
      } catch (error) {
        const reason = reasonOf(error);
        onEngineLost(reason);
        return { problem: `the engine does not tell of it any more: ${reason}` };
      }
    };
    const ended = live().finally(() => {
      isOver = true;
      pid = undefined;
    });

    let orders: Promise<unknown> = begun;
    const order = (act: () => Promise<unknown>) => {
      // Refused when it has ended in the meantime, or is paused already: what was wanted is shown by looking, not by the answer.
      orders = orders.then(() => (isOver ? undefined : act())).catch(() => undefined);
    };
    const signal = (name: NodeJS.Signals) => {
      sent.add(name);
      if (name === 'SIGSTOP') order(() => container.pause());
      else if (name === 'SIGCONT') order(() => container.unpause());
      else order(() => container.kill({ signal: name }));
    };
    return {
      get pid() {
        return pid;
      },
      ended,
      signal,
      terminate: () => signal(stopSignal),
    };
  };
}

/** Resolves when it is attached, with the end of the output. */
async function attach(
  container: Docker.Container,
  onLine: (stream: 'stdout' | 'stderr', text: string) => void,
): Promise<{ output: Promise<void> }> {
  const { Config } = await container.inspect();
  const raw = await container.attach({ stream: true, stdout: true, stderr: true });
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  // With a terminal there is one stream, unframed.
  if (Config.Tty) raw.pipe(outputs.stdout);
  else container.modem.demuxStream(raw, outputs.stdout, outputs.stderr);
  const close = () => {
    outputs.stdout.end();
    outputs.stderr.end();
  };
  raw.once('end', close);
  raw.once('close', close);
  raw.once('error', close);
  const ends = (['stdout', 'stderr'] as const).map((name) => {
    const lines = splitLines((text) => onLine(name, text));
    outputs[name].on('data', (chunk: Buffer) => lines.push(chunk));
    return new Promise<void>((resolve) => {
      outputs[name].once('end', () => {
        lines.end();
        resolve();
      });
    });
  });
  return { output: Promise.all(ends).then(() => undefined) };
}

// Nobody catches these, so an exit code of 128 and their number is theirs.
const DEADLY: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE'];

/** The engine tells one number for both; what Testcard sent itself, and what kills for certain, is read back as a signal. */
function exitOf(code: number, isOutOfMemory: boolean, sent: ReadonlySet<NodeJS.Signals>): ServiceExit {
  const by = [...DEADLY, ...sent].find((name) => code === 128 + constants.signals[name]);
  const note = isOutOfMemory ? { note: 'out of memory' } : {};
  return by === undefined ? { code, ...note } : { signal: by, ...note };
}

function asSignal(name: string | undefined): NodeJS.Signals | undefined {
  if (!name) return undefined;
  const byNumber = Object.entries(constants.signals).find(([, number]) => String(number) === name)?.[0];
  const full = byNumber ?? (name.startsWith('SIG') ? name : `SIG${name}`);
  return full in constants.signals ? (full as NodeJS.Signals) : undefined;
}
