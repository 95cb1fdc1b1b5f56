// Publishes a fixture outside any suite, until it ends or `signal` aborts.

import { systemClock } from '../base/clock.ts';
import { startPublisher } from '../media/index.ts';
import { processGuard } from '../runtime/ownership/guard.ts';
import { addressByHand } from './by-hand.ts';
import { buildNamed, recipeNamed } from './fixtures.ts';

export interface PublishByHand {
  fixture: string;
  /** `rtsp://` or `rtmp://`, also as the services of the environment see it. */
  to: string;
  /** Again and again. */
  loop: boolean;
  /** Detached environment whose addresses are meant; default: the only one that is up. */
  environment?: string | undefined;
}

/** Throws FIXTURE_UNKNOWN, PUBLISH_FAILED, FFMPEG_MISSING; INTERRUPTED when `signal` ended it. */
export async function publishByHand(
  { fixture, to, loop, environment }: PublishByHand,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { path, durationMs, hasAudio } = await buildNamed(await recipeNamed(fixture), signal, say);
  const publisher = await startPublisher(
    { name: fixture, path, url: addressByHand(to, environment), shownAs: to, durationMs, hasAudio, loop },
    { signal, clock: systemClock, guard: processGuard() },
  );
  say(`publishing ${fixture} to ${to}${loop ? ', again and again until Ctrl-C' : ''}`);
  await publisher.ended;
  signal.throwIfAborted();
  say(publisher.progress());
}
