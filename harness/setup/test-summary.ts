// A Vitest reporter that writes what did not pass, a line each, and `tests: N passed, N failed, N skipped` as the last line to the file
// named by TESTCARD_TEST_SUMMARY, so that CI can print it last: whoever reads only the end of a long output still learns what to mend.

import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A module that could not be loaded has no tests, and still must not read as green.
    const broken = modules.filter((module) => module.errors().length > 0);
    const notPassed = [
      ...broken.map((module) => `${module.relativeModuleId}: ${firstLine(module.errors()[0]?.message)}`),
      ...tests
        .filter((test) => test.result().state === 'failed')
        .map(
          (test) =>
            `${test.module.relativeModuleId} › ${test.fullName}: ${firstLine(test.result().errors?.[0]?.message)}`,
        ),
      ...unhandled.map((error) => `outside of any test: ${firstLine((error as { message?: string } | null)?.message)}`),
    ];
    const withoutEngine = tests.filter(
      (test) => test.result().state === 'skipped' && test.module.moduleId.endsWith('.docker.int.test.ts'),
    ).length;
    const skipped =
      withoutEngine === 0
        ? []
        : [
            `SKIPPED: ${withoutEngine} tests that need a Docker engine and its images (testcard doctor --runtime compose)`,
          ];
    for (const line of skipped) console.warn(line);
    const path = process.env.TESTCARD_TEST_SUMMARY;
    if (!path) return;
    const failed = count('failed') + broken.length + unhandled.length;
    const lines = [
      ...(withoutEngine > 0
        ? [
            `SKIPPED: ${withoutEngine} tests that need a Docker engine and its images (testcard doctor --runtime compose)`,
          ]
        : []),
      ...notPassed.slice(0, SHOWN).map((line) => `not passed: ${line}`),
      `tests: ${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`,
    ];
    writeFileSync(path, `${lines.join('\n')}\n`);
  }
}

/** Failures named at most; the counts speak of all. */
const SHOWN = 20;

const firstLine = (message: string | undefined) => message?.split('\n')[0]?.slice(0, 200) ?? 'no message';
