// Short looks at live streams, as the proofs of faults want them.

import type { StreamLooks } from '../../model/faults.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { lookAtStream } from './look-at-stream.ts';
import { measureSoundOffset } from './sound-offset.ts';

export const createStreamLooks = (guard?: ProcessGuard): StreamLooks => ({
  look: (url, options, signal) => lookAtStream(url, { ...options, guard }, signal),
  soundOffset: (url, options, signal) => measureSoundOffset(url, { ...options, guard }, signal),
});
