// The door of the suite parser: YAML text -> Suite, problems, warnings, JSON Schema, reference.

export { formatProblems } from './format-problems.ts';
export { buildJsonSchema } from './json-schema.ts';
export type { Known, KnownOf, KnownService } from './known.ts';
export { lintSuite } from './lint-suite.ts';
export { loadSuite, resolveFromDisk } from './load-suite.ts';
export { type ParseOptions, type ParseResult, parseSuite } from './parse-suite.ts';
export { buildQuarantineSchema, parseQuarantine, type QuarantineResult } from './quarantine.ts';
export { buildReference } from './reference.ts';
export type { Registry } from './registry.ts';
