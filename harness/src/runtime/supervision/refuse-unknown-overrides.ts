// A suite may change only services that there are.

import { didYouMean } from '../../environment/did-you-mean.ts';
import type { EnvironmentSpec, StartOptions } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';

/** Throws SUITE_INVALID. */
export function refuseUnknownOverrides(spec: EnvironmentSpec, { overrides }: Pick<StartOptions, 'overrides'>): void {
  const names = spec.services.map(({ name }) => name);
  const unknown = Object.keys(overrides).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TestcardError('SUITE_INVALID', `the suite overrides ${unknown}, which is not a service of ${spec.name}`, {
    hint: didYouMean(unknown, names, 'services'),
  });
}
