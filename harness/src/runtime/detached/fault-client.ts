// Asks the keeper of a detached environment for faults.

import { TestcardError } from '../../model/errors.ts';
import type { ErrorRecord } from '../../model/timeline.ts';
import { errorReceived } from './error-to-send.ts';
import type { ManualFault, ManualFaultRequest, ServiceStarted } from './manual-fault.ts';
import type { DetachedState } from './state.ts';

/** All reject with what the keeper refused, or could not prove. */
export interface FaultClient {
  list(): Promise<ManualFault[]>;
  inject(request: ManualFaultRequest): Promise<ManualFault>;
  revert(id: string): Promise<ManualFault>;
  revertAll(): Promise<ManualFault[]>;
  start(service: string): Promise<ServiceStarted>;
}

export function faultClient({ name, control }: DetachedState, signal: AbortSignal): FaultClient {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${control.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new TestcardError('STEP_INCONCLUSIVE', `the process that keeps ${name} up does not answer`, {
        cause: error,
      });
    });
    const answer = (await response.json()) as T | { error: ErrorRecord };
    if (!response.ok) throw errorReceived((answer as { error: ErrorRecord }).error);
    return answer as T;
  };
  return {
    list: () => ask('GET', '/faults'),
    inject: (request) => ask('POST', '/faults', request),
    revert: (id) => ask('DELETE', `/faults/${encodeURIComponent(id)}`),
    revertAll: () => ask('DELETE', '/faults'),
    start: (service) => ask('POST', `/services/${encodeURIComponent(service)}/start`),
  };
}
