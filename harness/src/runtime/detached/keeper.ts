// The process that keeps a detached environment up: started by startDetached, it owns what it starts and ends on SIGTERM.

import { rmSync } from 'node:fs';
import { openNdjson } from '../../base/ndjson.ts';
import { requireEnvironment } from '../../environment/load-environment.ts';
import { TestcardError, toTestcardError } from '../../model/errors.ts';
import type { LogLine } from '../../model/ports.ts';
import type { EmbeddedEnvironment } from '../embedded/embedded-environment.ts';
import { createEmbeddedRuntime } from '../embedded/embedded-runtime.ts';
import { ownFromHere } from '../ownership/owner.ts';
import type { KeeperMessage, KeepRequest } from './messages.ts';
import { type DetachedFolder, type DetachedState, detachedFolder, removeState, writeState } from './state.ts';

const STOP_WITHIN_MS = 20_000;
const MAX_LINES_BYTES = 256 * 1024 * 1024;

const owner = ownFromHere();
const interrupt = new AbortController();
const end = (why: string) => interrupt.abort(new TestcardError('INTERRUPTED', why));
process.on('SIGTERM', () => end('stopped'));
process.on('SIGINT', () => end('stopped'));
process.on('SIGHUP', () => {}); // the terminal that it was started from may close
// Until it is up, the command that started it waits; when that is gone, nobody wants it any more.
const onDisconnect = () => end('the command that started it is gone');
process.on('disconnect', onDisconnect);
process.once('message', (request: KeepRequest) => void keep(request));

const tell = (message: KeeperMessage) =>
  new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });

async function keep(request: KeepRequest): Promise<void> {
  const folder = detachedFolder(request.reports, request.name);
  const lines = boundedLines(folder);
  let environment: EmbeddedEnvironment | undefined;
  const update = () => {
    if (environment && !interrupt.signal.aborted) writeState(folder, stateOf(environment, request));
  };
  try {
    const started = await createEmbeddedRuntime().start(requireEnvironment(request.file, request.overrideFiles), {
      overrides: request.overrides,
      logFolder: folder.logs,
      signal: interrupt.signal,
      onLog: (line) => lines.append(line),
      onEvent: (event) => {
        void tell({ type: 'event', event });
        if (event.type === 'service') update();
      },
      ...(request.readyWithinMs === undefined ? {} : { readyWithinMs: request.readyWithinMs }),
    });
    environment = started;
    update();
    await tell({ type: 'up', state: stateOf(started, request) });
    process.off('disconnect', onDisconnect);
    if (process.connected) process.disconnect();
    if (!interrupt.signal.aborted) {
      await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    await started.stop(AbortSignal.timeout(STOP_WITHIN_MS));
  } catch (caught) {
    const { code, kind, message, hint, position, detail } = toTestcardError(caught);
    await tell({ type: 'failed', error: { code, kind, message, hint, position, detail } });
    process.exitCode = 1;
  }
  lines.close();
  removeState(folder);
  process.exit();
}

function stateOf(environment: EmbeddedEnvironment, { file, name }: KeepRequest): DetachedState {
  return {
    name,
    file,
    pid: process.pid,
    owner,
    startedAtMs: Math.round(Date.now() - performance.now()),
    readyAfterMs: environment.readyAfterMs,
    ports: environment.ports,
    services: environment.names().map((service) => environment.status(service)),
  };
}

/** An environment may stay up for days: its lines are kept up to a limit, then no more (the per-service files have their own). */
function boundedLines(folder: DetachedFolder): { append(line: LogLine): void; close(): void } {
  rmSync(folder.lines, { force: true });
  rmSync(folder.logs, { recursive: true, force: true });
  const file = openNdjson<LogLine>(folder.lines);
  let bytes = 0;
  return {
    append(line) {
      if (bytes > MAX_LINES_BYTES) return;
      bytes += line.text.length;
      file.append(line);
      if (bytes > MAX_LINES_BYTES) {
        const text = `[testcard: more than ${MAX_LINES_BYTES} bytes were logged; the rest is not kept]`;
        file.append({ atMs: line.atMs, service: line.service, stream: 'stderr', text });
      }
    },
    close: () => file.close(),
  };
}
