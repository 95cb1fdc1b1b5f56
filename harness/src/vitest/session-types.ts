// What crosses between the command and its workers through Vitest, both ways.

import type { SuiteRunOptions } from '../assembly/suite-world.ts';
import type { CaseResult } from '../model/results.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testcard: SuiteRunOptions | undefined;
  }
  interface TaskMeta {
    testcard?: CaseResult;
    /** Set on the first case that ran: when the environment was ready, ms. */
    testcardReadyAfterMs?: number;
  }
}
