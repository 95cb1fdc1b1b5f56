import { defineConfig } from 'vitest/config';
import { TestSummary } from './harness/setup/test-summary.ts';

// Unit tests run in parallel; tests that start real processes or encode media (`*.int.test.ts`) share two cores badly,
// so they run a file at a time in a project of their own.
export default defineConfig({
  test: {
    reporters: ['default', new TestSummary()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['harness/**/*.test.ts', 'services/**/*.test.ts', 'suites/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['harness/**/*.int.test.ts', 'services/**/*.int.test.ts', 'suites/**/*.int.test.ts'],
          exclude: ['**/node_modules/**'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
