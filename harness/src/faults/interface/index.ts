// The ways to break packets at the network interface of a container.

import type { AnyFaultKind } from '../../model/faults.ts';
import { impairFault } from './impair.ts';
import { unplugFault } from './unplug.ts';

export const interfaceFaults: AnyFaultKind[] = [impairFault, unplugFault];
