// Another program on a service's port would answer in its place, and seem ready.

import { TestcardError } from '../../model/errors.ts';
import { isPortTaken } from '../ownership/claim-ports.ts';
import { detailOf } from '../supervision/await-service.ts';
import type { SupervisedService } from '../supervision/supervised-service.ts';

/** Throws PORT_TAKEN when the service does not run and somebody else listens on its ports. */
export async function refuseTakenPorts(service: SupervisedService, localPorts: readonly number[]): Promise<void> {
  if (service.status().pid !== undefined) return;
  for (const port of localPorts) {
    if (!(await isPortTaken(port)) || service.status().pid !== undefined) continue;
    throw new TestcardError(
      'PORT_TAKEN',
      `port ${port}, given to service ${service.spec.name}, was taken by another program`,
      {
        hint: 'run it again; ports below 32768 are given out, so end what opens listeners there at random',
        position: service.spec.position,
        detail: detailOf(service),
      },
    );
  }
}
