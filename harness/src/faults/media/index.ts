// The ways to break media, through the service that it passes.

import type { AnyFaultKind } from '../../model/faults.ts';
import { delayAudio } from './delay-audio.ts';
import { disconnect } from './disconnect.ts';
import { dropAudio } from './drop-audio.ts';
import { dropPackets } from './drop-packets.ts';
import { freezeVideo } from './freeze-video.ts';
import { restartTimestamps } from './restart-timestamps.ts';

export const mediaFaults: AnyFaultKind[] = [
  freezeVideo,
  dropAudio,
  delayAudio,
  dropPackets,
  restartTimestamps,
  disconnect,
];
