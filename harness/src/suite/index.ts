// The door of the suite parser: YAML text -> Suite, problems, warnings, JSON Schema, reference.

export type { Known, KnownOf, KnownService } from './known.ts';
export { loadSuite, readSuiteText, resolveFromDisk } from './load-suite.ts';
export { type ParseOptions, type ParseResult, parseSuite } from './parse-suite.ts';
export type { Registry } from './registry.ts';
