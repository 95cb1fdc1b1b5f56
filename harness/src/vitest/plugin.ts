// The Vite plugin that makes each `*.suite.yaml` a Vitest test module: a test per case, and a source map back into the YAML.

import { fileURLToPath } from 'node:url';
import { addMapping, GenMapping, setSourceContent, toEncodedMap } from '@jridgewell/gen-mapping';
import type { Plugin } from 'vitest/config';
import { parseForRun } from '../assembly/load-suites.ts';
import type { Case, RuntimeName, Suite } from '../model/suite.ts';
import { positionKey, positionsOf } from './positions.ts';

const SESSION_MODULE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './session.ts' : './session.js', import.meta.url),
);

export interface TestcardPluginOptions {
  /** Which cases become tests; default all. */
  select?: (suite: Suite, kase: Case) => boolean;
  /** Where services run; default: embedded. */
  runtime?: RuntimeName;
  /** Compose files laid over the environment's, absolute. */
  overrideFiles?: readonly string[];
}

/** Vite plugin. Add it to a Vitest configuration with `include: ['**\/*.suite.yaml']`. */
export function testcard(options: TestcardPluginOptions = {}): Plugin {
  return {
    name: 'testcard-suites',
    enforce: 'pre',
    // A suite's module also depends on its includes, the environment and what was selected: kept from another run it would be wrong.
    config: () => ({ test: { fsModuleCache: false } }),
    async transform(code, id) {
      const file = id.split('?')[0] ?? id;
      if (!file.endsWith('.suite.yaml')) return undefined;
      const suite = await parseForRun(file, code, options);
      return moduleOf(
        suite,
        suite.cases.filter((kase) => options.select?.(suite, kase) ?? true),
      );
    },
  };
}

/**
 * The test module of a suite. Every position that a failure can point at gets a line of its own that makes an Error there,
 * so that Vitest finds its way to the YAML through the source map whatever other transforms do to the module.
 */
function moduleOf(suite: Suite, cases: Case[]): { code: string; map: string } {
  const map = new GenMapping({ file: suite.file });
  setSourceContent(map, suite.file, suite.text);
  const lines: string[] = [];
  const emit = (line: string, at?: { line: number; col: number }) => {
    lines.push(line);
    if (!at) return;
    addMapping(map, {
      generated: { line: lines.length, column: 0 },
      source: suite.file,
      original: { line: at.line, column: at.col - 1 },
    });
  };
  emit(`import { describe, test, afterAll, inject } from 'vitest';`);
  emit(`import { openSession } from ${JSON.stringify(SESSION_MODULE)};`);
  emit('const marks = new Map();');
  for (const at of positionsOf(suite))
    emit(`marks.set(${JSON.stringify(positionKey(at))}, () => new Error('mark'));`, at);
  emit(`const session = openSession(${JSON.stringify(suite.file)}, marks, inject('testcard'));`);
  emit(`describe(${JSON.stringify(suite.name)}, () => {`);
  emit('afterAll(() => session.close(), 60_000);');
  for (const kase of cases) {
    emit(`test(${JSON.stringify(kase.title)}, (t) => session.run(${JSON.stringify(kase.id)}, t));`, kase.position);
  }
  emit('});');
  return { code: lines.join('\n'), map: JSON.stringify(toEncodedMap(map)) };
}
