// The ways to give a service less of the machine.

import type { AnyFaultKind } from '../../model/faults.ts';
import { cpuFault } from './cpu.ts';
import { memoryFault } from './memory.ts';

export const limitFaults: AnyFaultKind[] = [memoryFault, cpuFault];
