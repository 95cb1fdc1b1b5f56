// Notices when the engine under a running environment is gone.

import type { Clock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { type Engine, reasonOf } from './engine.ts';

export interface EngineWatch {
  /** Resolves with what happened to the engine; never when it stays. */
  readonly lost: Promise<string>;
  /** Something failed that should not with an engine that is there: it is asked. */
  suspect(reason: string): void;
  close(): void;
}

const ASKED_FOR_MS = 2_000;
const PING_WITHIN_MS = 1_000;

/** Holds a stream of the engine's events open: it ends with the engine. */
export async function watchEngine(engine: Engine, project: string, clock: Clock): Promise<EngineWatch> {
  const { promise: lost, resolve: setLost } = Promise.withResolvers<string>();
  const over = new AbortController();
  const suspect = (reason: string) => {
    if (over.signal.aborted) return;
    void stillAnswers(engine, clock, over.signal).then((answers) => {
      if (!answers && !over.signal.aborted)
        setLost(`the engine, ${engine.title} at ${engine.endpoint}, is gone: ${reason}`);
    });
  };
  const filters = { label: [`com.docker.compose.project=${project}`], type: ['container' as const] };
  const events = (await engine.docker.getEvents({ filters })) as NodeJS.ReadableStream & { destroy(): void };
  events.resume();
  events.once('close', () => suspect('its events ended'));
  events.once('error', (error) => suspect(reasonOf(error)));
  return {
    lost,
    suspect,
    close() {
      over.abort();
      events.destroy();
    },
  };
}

async function stillAnswers({ docker }: Engine, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const asked = await poll(
    async () => {
      const late = clock.delay(PING_WITHIN_MS).then(() => false);
      const answer = await Promise.race([
        docker.ping().then(
          () => true,
          () => false,
        ),
        late,
      ]);
      return answer ? { done: true, value: true } : { done: false };
    },
    { withinMs: ASKED_FOR_MS, clock, signal },
  ).catch(() => undefined);
  return asked?.ok ?? true;
}
