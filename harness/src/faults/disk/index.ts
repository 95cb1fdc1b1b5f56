// The ways to break the disk under a service.

import type { AnyFaultKind } from '../../model/faults.ts';
import { fillFault } from './fill.ts';

export const diskFaults: AnyFaultKind[] = [fillFault];
