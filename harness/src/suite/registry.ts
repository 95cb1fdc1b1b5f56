// The kinds of steps and checks that suites can use, with their schemas built once.

import type { z } from 'zod';
import type { AnyCheckKind, AnyStepKind, SchemaShapes } from '../model/kinds.ts';
import { useStep } from './blocks.ts';
import { parsingShapes } from './shapes.ts';
import { type CaseFields, caseSchema } from './suite-schema.ts';

export interface Registry {
  steps: readonly AnyStepKind[];
  checks: readonly AnyCheckKind[];
}

export interface CompiledStep {
  kind: AnyStepKind;
  schema: z.ZodType;
}

export interface CompiledRegistry {
  steps: ReadonlyMap<string, CompiledStep>;
  checks: ReadonlyMap<string, AnyCheckKind>;
  shapes: SchemaShapes;
  caseSchema: z.ZodType<CaseFields>;
}

const compiled = new WeakMap<Registry, CompiledRegistry>();

/** `use` belongs to the suite format itself: it is known whatever kinds come in. */
export function stepKindsOf(registry: Registry): AnyStepKind[] {
  return [...registry.steps.filter((kind) => kind.key !== useStep.key), useStep];
}

/** Schemas are built once per registry: building them costs more than parsing a suite. */
export function compileRegistry(registry: Registry): CompiledRegistry {
  const known = compiled.get(registry);
  if (known) return known;
  const shapes = parsingShapes();
  const made: CompiledRegistry = {
    steps: new Map(stepKindsOf(registry).map((kind) => [kind.key, { kind, schema: kind.schema(shapes) }])),
    checks: new Map(registry.checks.map((kind) => [kind.key, kind])),
    shapes,
    caseSchema: caseSchema(shapes),
  };
  compiled.set(registry, made);
  return made;
}
