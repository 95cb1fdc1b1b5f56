// A Vitest reporter that writes one line, `tests: N passed, N failed, N skipped`, to the file named by TESTCARD_TEST_SUMMARY, so that
// CI can print it last.

import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const path = process.env.TESTCARD_TEST_SUMMARY;
    if (!path) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string) => states.filter((candidate) => candidate === state).length;
    // A module that could not be loaded has no tests, and still must not read as green.
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    writeFileSync(
      path,
      `tests: ${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped\n`,
    );
  }
}
