// The ways to break a service.

import type { AnyFaultKind } from '../../model/faults.ts';
import { killFault } from './kill.ts';
import { pauseFault } from './pause.ts';
import { stopFault } from './stop.ts';

export const serviceFaults: AnyFaultKind[] = [killFault, stopFault, pauseFault];
