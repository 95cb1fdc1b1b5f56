// Every mutant, and the true pipeline through the same wrappers.

import type { Mutant, Trial } from '../mutant.ts';
import { BACK_PRESSURE_MUTANTS } from './back-pressure.ts';
import { BREAKER_MUTANTS } from './circuit-breaker.ts';
import { FRAGMENT_MUTANTS } from './fragments.ts';
import { LIFE_MUTANTS } from './life.ts';
import { OUTPUT_MUTANTS } from './output.ts';
import { RECONNECTION_MUTANTS } from './reconnection.ts';
import { TELLING_MUTANTS } from './telling.ts';
import { TRUE_PIPELINE } from './true-pipeline.ts';

export const MUTANTS: Mutant[] = [
  ...OUTPUT_MUTANTS,
  ...FRAGMENT_MUTANTS,
  ...BREAKER_MUTANTS,
  ...BACK_PRESSURE_MUTANTS,
  ...RECONNECTION_MUTANTS,
  ...LIFE_MUTANTS,
  ...TELLING_MUTANTS,
];

export const TRIALS: (Trial | Mutant)[] = [...TRUE_PIPELINE, ...MUTANTS];
