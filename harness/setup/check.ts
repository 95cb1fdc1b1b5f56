// `npm run check`: types, format and lint, dead exports and the direction of imports, side by side; red when any of them is.

import { execa } from 'execa';

const checks: { name: string; argv: [string, ...string[]] }[] = [
  { name: 'types', argv: ['tsc', '-p', '.'] },
  { name: 'types of the report page', argv: ['tsc', '-p', 'harness/report-page'] },
  { name: 'format and lint', argv: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'dead exports', argv: ['knip'] },
  {
    name: 'import direction',
    argv: ['depcruise', '--config', '.dependency-cruiser.mjs', 'harness', 'services', 'suites'],
  },
];

const results = await Promise.all(
  checks.map(async ({ name, argv: [command, ...args] }) => {
    const startedAt = performance.now();
    const result = await execa(command, args, { preferLocal: true, reject: false, all: true });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const passed = result.exitCode === 0;
    console.log(
      `${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)${passed ? '' : `\n${result.all ?? result.shortMessage}`}`,
    );
    return passed;
  }),
);
const passed = results.filter(Boolean).length;
console.log(`check: ${passed} passed, ${results.length - passed} failed`);
process.exitCode = passed === results.length ? 0 : 1;
