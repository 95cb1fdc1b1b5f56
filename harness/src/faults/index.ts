// The door of faults/: the ways to break something, and the runner that proves them.

import type { AnyFaultKind } from '../model/faults.ts';
import { diskFaults } from './disk/index.ts';
import { interfaceFaults } from './interface/index.ts';
import { limitFaults } from './limit/index.ts';
import { linkFaults } from './link/index.ts';
import { mediaFaults } from './media/index.ts';
import { serviceFaults } from './service/index.ts';

export { type FaultEntry, type FaultLedger, FaultRunner } from './fault-runner.ts';

export const faultKinds: AnyFaultKind[] = [
  ...linkFaults,
  ...mediaFaults,
  ...serviceFaults,
  ...diskFaults,
  ...interfaceFaults,
  ...limitFaults,
];
