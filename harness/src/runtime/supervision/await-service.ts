// Waits for a service to be started, ready or completed, and says in one error why it will not be.

import type { ServiceSpec } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { SupervisedService } from './supervised-service.ts';

export type Condition = ServiceSpec['dependsOn'][number]['condition'];

/** Rejects with SERVICE_NOT_READY or PORT_TAKEN as soon as waiting longer is hopeless, and with the signal's reason when it aborts. */
export async function awaitService(
  service: SupervisedService,
  condition: Condition,
  signal: AbortSignal,
  refuseTakenPorts?: (service: SupervisedService) => Promise<void>,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    // Registered before looking, so that no change falls between.
    const changed = service.changed(signal);
    changed.catch(() => {});
    if (isMet(service, condition)) return;
    const { state } = service.status();
    if ((state === 'exited' || state === 'failed') && !service.wasEverReady) await refuseTakenPorts?.(service);
    if (service.isDown) throw notReadyError(service, 'crashed');
    await changed;
  }
}

function isMet(service: SupervisedService, condition: Condition): boolean {
  const { state } = service.status();
  if (condition === 'service_completed_successfully') return state === 'exited' && service.lastExit?.code === 0;
  if (condition === 'service_healthy') return service.isUp;
  return state !== 'waiting' && state !== 'failed';
}

export function notReadyError(
  service: SupervisedService,
  how: 'crashed' | 'still starting',
  afterMs = 0,
): TestcardError {
  const { spec, lastLines, logFile } = service;
  const message =
    how === 'crashed'
      ? `service ${spec.name} ${service.lastExit?.code === 0 ? 'ended' : 'crashed'} while starting: ${exitOf(service)}`
      : `service ${spec.name} is not ready after ${(afterMs / 1000).toFixed(1)} s: ${whatItDoes(service)}`;
  const lastWords = lastLines.filter((line) => line.trim() !== '').at(-1);
  return new TestcardError('SERVICE_NOT_READY', message, {
    hint: hintFor(lastLines, lastWords, logFile.path),
    position: spec.position,
    detail: detailOf(service),
  });
}

function exitOf({ lastExit }: SupervisedService): string {
  if (lastExit?.problem !== undefined) return lastExit.problem;
  const how =
    lastExit?.signal === undefined ? `exit code ${lastExit?.code ?? 'unknown'}` : `killed by ${lastExit.signal}`;
  return lastExit?.note === undefined ? how : `${how} (${lastExit.note})`;
}

function whatItDoes(service: SupervisedService): string {
  const { state, restarts } = service.status();
  if (state === 'waiting') return 'it waits for what it depends on';
  if (restarts > 0) return `it keeps ending (${exitOf(service)}, started ${restarts + 1} times)`;
  return `still ${state}${service.lastSeen === undefined ? '' : ` (${service.lastSeen})`}`;
}

/** Names the remedy for the commonest causes; the code does not depend on it. */
function hintFor(lines: string[], lastWords: string | undefined, path: string): string {
  const text = lines.join('\n');
  const log = `its whole log: ${path}`;
  if (/EADDRINUSE|address already in use/i.test(text)) {
    const port = /(?:EADDRINUSE|address already in use)\D*?(?:[\d.]+:|:::)?(\d{2,5})\b/i.exec(text)?.[1];
    return `it wants a port that is taken${port === undefined ? '' : ` (${port})`}: declare the port under ports and give it through a variable such as PORT; ${log}`;
  }
  if (/ENOENT|MODULE_NOT_FOUND|ERR_MODULE_NOT_FOUND/.test(text)) {
    return `something it needs is not there: check x-testcard.embedded.run (paths start at the project's root); ${log}`;
  }
  return lastWords === undefined ? `it wrote nothing; ${log}` : `its last words: ${lastWords.slice(0, 300)}; ${log}`;
}

/** What is known of it, for the error's detail. */
export function detailOf(service: SupervisedService): unknown {
  const { lastLines, lastSeen, logFile } = service;
  return { ...service.status(), lastSeen, lastLines: [...lastLines], logFile: logFile.path };
}
