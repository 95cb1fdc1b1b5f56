// The schemas that kinds put where a suite can hold checks and steps. They find their place in the YAML through the raw
// values' origins, so that every check and step knows its line however deeply it is nested.

import { z } from 'zod';
import type { SchemaShapes } from '../model/kinds.ts';
import type { CheckNode, StepNode } from '../model/suite.ts';
import { addFindings, checkAgainst, describeValue, type Finding, withoutEchoes } from './issues.ts';
import { positionOf } from './origins.ts';
import { parseCheck, parseChecks } from './parse-checks.ts';
import { parseSteps } from './parse-steps.ts';
import { isPlainMap, isValidStep, splitKeys } from './raw-shapes.ts';

export function parsingShapes(): SchemaShapes {
  const check: z.ZodType<CheckNode> = z.unknown().transform((raw, context) => {
    const parsed = parseCheck(raw);
    if (parsed.ok) return parsed.node;
    addFindings(context, parsed.findings);
    return z.NEVER;
  });
  const checks: z.ZodType<CheckNode[]> = z.unknown().transform((raw, context) => {
    const parsed = parseChecks(raw);
    if (parsed.findings.length === 0) return parsed.nodes;
    addFindings(context, parsed.findings);
    return z.NEVER;
  });
  const steps: z.ZodType<StepNode[]> = z.unknown().transform((raw, context) => {
    const parsed = parseSteps(raw);
    if (parsed.findings.length === 0) return parsed.entries.filter(isValidStep);
    addFindings(context, parsed.findings);
    return z.NEVER;
  });
  return { check, checks, steps, wrapCheck };
}

function wrapCheck<S extends z.ZodRawShape>(own: S): z.ZodType<z.output<z.ZodObject<S>> & { check: CheckNode }> {
  const ownSchema = z.strictObject(own);
  const ownKeys = Object.keys(own);
  return z.unknown().transform((raw, context) => {
    if (!isPlainMap(raw)) {
      addFindings(context, [
        {
          path: [],
          message: `expected a map with ${ownKeys.map((key) => `\`${key}\``).join(', ')} and a check, got ${describeValue(raw)}`,
        },
      ]);
      return z.NEVER;
    }
    const [ownRaw, checkRaw] = splitKeys(raw, ownKeys);
    const fallback = positionOf(raw, []) ?? { file: '', line: 1, col: 1 };
    const wrapped = checkAgainst(ownSchema, ownRaw, { root: raw, path: [], what: 'this step', fallback });
    const parsed = parseCheck(checkRaw, ownKeys);
    const findings: Finding[] = [...(wrapped.ok ? [] : wrapped.findings), ...(parsed.ok ? [] : parsed.findings)];
    if (!wrapped.ok || !parsed.ok) {
      addFindings(context, withoutEchoes(findings));
      return z.NEVER;
    }
    return { ...wrapped.output, check: parsed.node };
  });
}
