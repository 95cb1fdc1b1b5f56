// Every mutant, and the true pipeline through the same wrappers.

import type { Mutant, Trial } from '../mutant.ts';
import { BREAKER_MUTANTS } from './circuit-breaker.ts';
import { OUTPUT_MUTANTS } from './output.ts';
import { TELLING_MUTANTS } from './telling.ts';
import { TRUE_PIPELINE } from './true-pipeline.ts';

export const MUTANTS: Mutant[] = [...OUTPUT_MUTANTS, ...TELLING_MUTANTS, ...BREAKER_MUTANTS];

export const TRIALS: (Trial | Mutant)[] = [...TRUE_PIPELINE, ...MUTANTS];
