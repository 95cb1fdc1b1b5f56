// Every toxic there is, under the name that the Toxiproxy API has for it.

import { bandwidth } from './bandwidth.ts';
import { latency } from './latency.ts';
import { limitData } from './limit-data.ts';
import { resetPeer } from './reset-peer.ts';
import { slicer } from './slicer.ts';
import { slowClose } from './slow-close.ts';
import type { ToxicType } from './stage.ts';
import { timeout } from './timeout.ts';

export const TOXIC_TYPES: Readonly<Record<string, ToxicType>> = {
  latency,
  bandwidth,
  slow_close: slowClose,
  timeout,
  reset_peer: resetPeer,
  slicer,
  limit_data: limitData,
};
