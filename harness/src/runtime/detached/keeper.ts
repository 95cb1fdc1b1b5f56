// The process that keeps a detached environment up: started by startDetached, it owns what it starts and ends on SIGTERM.

import { rmSync } from 'node:fs';
import { systemClock } from '../../base/clock.ts';
import { openNdjson } from '../../base/ndjson.ts';
import { type Endpoint, LOCAL_HOST, type PortTable, type Reached } from '../../environment/address-map.ts';
import { allLinks } from '../../environment/links.ts';
import { requireEnvironment } from '../../environment/load-environment.ts';
import { faultKinds } from '../../faults/index.ts';
import type { EnvironmentSpec, LinkUse } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { LogLine } from '../../model/ports.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { faultLedgerOf, faultPortsOf } from '../embedded/fault-ports.ts';
import { ownFromHere } from '../ownership/owner.ts';
import { runtimeOf } from '../runtimes.ts';
import type { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { errorToSend } from './error-to-send.ts';
import { openFaultApi } from './fault-api.ts';
import { ManualFaults } from './manual-faults.ts';
import type { KeeperMessage, KeepRequest } from './messages.ts';
import {
  type ControlAddress,
  type DetachedFolder,
  type DetachedState,
  detachedFolder,
  removeState,
  writeState,
} from './state.ts';

const REVERT_WITHIN_MS = 3_000;
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
  let up: { environment: SupervisedEnvironment; control: ControlAddress } | undefined;
  const update = () => {
    if (up && !interrupt.signal.aborted) writeState(folder, stateOf(up, request));
  };
  try {
    const { file, overrideFiles = [], runtime: name = 'embedded' } = request;
    const spec = requireEnvironment(file, overrideFiles, name);
    const runtime = await runtimeOf(name, systemClock);
    const environment = await runtime.start(spec, {
      overrideFiles,
      links: linksByHand(spec),
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
    const { faults, api } = await openFaults(environment, folder);
    up = { environment, control: api.address };
    update();
    await tell({ type: 'up', state: stateOf(up, request) });
    process.off('disconnect', onDisconnect);
    if (process.connected) process.disconnect();
    if (!interrupt.signal.aborted) {
      await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    await api.close();
    await faults.revertAll(AbortSignal.timeout(REVERT_WITHIN_MS)); // what is paused could not end by itself
    await environment.stop(AbortSignal.timeout(STOP_WITHIN_MS));
  } catch (caught) {
    await tell({ type: 'failed', error: errorToSend(caught) });
    process.exitCode = 1;
  }
  lines.close();
  removeState(folder);
  process.exit();
}

/** Every TCP link between services, and those from outside to the addresses that are shown: anything may be broken by hand. */
function linksByHand(spec: EnvironmentSpec): LinkUse[] {
  const fromOutside = spec.services.flatMap(({ name, ports, udpPorts = [] }) =>
    ports.filter((port) => !udpPorts.includes(port)).map((port): LinkUse => ({ between: ['testcard', name], port })),
  );
  const between = allLinks(spec).map(({ client, server, port }): LinkUse => ({ between: [client, server], port }));
  return [...between, ...fromOutside];
}

async function openFaults(environment: SupervisedEnvironment, folder: DetachedFolder) {
  rmSync(folder.faults, { force: true });
  const events = openNdjson<TimelineEvent>(folder.faults);
  const faults = new ManualFaults({
    kinds: faultKinds,
    ports: faultPortsOf(environment, systemClock),
    services: environment.names(),
    ledger: faultLedgerOf(environment),
    clock: systemClock,
    onEvent: (event) => events.append(event),
  });
  return { faults, api: await openFaultApi(faults) };
}

/** As somebody outside reaches them: through the proxy where there is one. */
function portsFromOutside(environment: SupervisedEnvironment): PortTable {
  const local = (service: string, port: number, direct: Reached): Reached =>
    reachedAt(environment.between('testcard', service, Number(port))[0]?.listen) ?? direct;
  return Object.fromEntries(
    Object.entries(environment.ports).map(([service, table]) => [
      service,
      Object.fromEntries(Object.entries(table).map(([port, direct]) => [port, local(service, Number(port), direct)])),
    ]),
  );
}

/** Ports of this machine are written as numbers. */
const reachedAt = (endpoint: Endpoint | undefined): Reached | undefined =>
  endpoint?.host === LOCAL_HOST ? endpoint.port : endpoint;

function stateOf(
  { environment, control }: { environment: SupervisedEnvironment; control: ControlAddress },
  { file, name }: KeepRequest,
): DetachedState {
  return {
    name,
    file,
    control,
    pid: process.pid,
    owner,
    startedAtMs: Math.round(Date.now() - performance.now()),
    readyAfterMs: environment.readyAfterMs,
    ports: portsFromOutside(environment),
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
