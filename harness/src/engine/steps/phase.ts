// `phase`: starts a named stretch of the case, which checks can be narrowed to.

import { z } from 'zod';
import type { StepKind } from '../../model/kinds.ts';

const schema = z.string().min(1).max(80).describe('Name of the stretch that begins here');

export const phaseStep: StepKind<string> = {
  key: 'phase',
  docs: {
    summary:
      'Starts a named stretch of the case (baseline, fault, recovery …), which lasts until the next one or the end of the case. A check with `during: <name>` looks at nothing else.',
    example:
      '- phase: outage\n- expect:\n    - log: { of: worker, where: { level: error } }\n      during: outage\n      count: 0',
  },
  schema: () => schema,
  describe: (name) => `phase ${name}`,
  defines: (name) => [{ kind: 'phase', name }],
  async run(name, context) {
    const fromMs = context.clock.nowMs();
    context.phases.push({ name, fromMs });
    context.emitEvent({ type: 'phase', atMs: fromMs, case: context.caseId, name });
  },
};
