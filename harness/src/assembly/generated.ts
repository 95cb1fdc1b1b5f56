// The files that are generated from the code: schemas for editors and for scripts that read results, reference for people.

import { buildResultsSchema } from '../model/results-schema.ts';
import { buildJsonSchema, buildQuarantineSchema, buildReference } from '../suite/index.ts';
import { registry } from './registries.ts';

const text = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;

export const suiteSchemaText = (): string => text(buildJsonSchema(registry));

/** Of suites, quarantine lists and results, by the names that `testcard schema` knows them by. */
export const SCHEMAS = {
  suite: suiteSchemaText,
  quarantine: () => text(buildQuarantineSchema()),
  results: () => text(buildResultsSchema()),
} as const satisfies Record<string, () => string>;

export const referencePage = (): string => buildReference(registry);
