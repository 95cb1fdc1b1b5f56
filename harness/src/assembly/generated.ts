// The files that are generated from the registry: schema for editors, reference for people.

import { buildJsonSchema, buildReference } from '../suite/index.ts';
import { registry } from './registries.ts';

export const suiteSchemaText = (): string => `${JSON.stringify(buildJsonSchema(registry), null, 2)}\n`;
export const referencePage = (): string => buildReference(registry);
