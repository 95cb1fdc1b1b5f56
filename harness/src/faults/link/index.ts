// The ways to break a TCP link between two ends.

import type { AnyFaultKind } from '../../model/faults.ts';
import { bandwidthFault } from './bandwidth.ts';
import { cutFault } from './cut.ts';
import { latencyFault } from './latency.ts';
import { resetFault } from './reset.ts';
import { slowCloseFault } from './slow-close.ts';
import { wedgeFault } from './wedge.ts';

export const linkFaults: AnyFaultKind[] = [
  latencyFault,
  bandwidthFault,
  cutFault,
  resetFault,
  wedgeFault,
  slowCloseFault,
];
