// `testcard list`: the cases there are, with priority and place.

import { relative } from 'node:path';
import { Command } from 'commander';
import { loadSuites } from '../../assembly/load-suites.ts';
import { overrideOption } from '../override-option.ts';

export function command(): Command {
  return new Command('list')
    .description('List the cases of suites.')
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(overrideOption())
    .option('--json', 'print as JSON', false)
    .addHelpText('after', '\nExamples:\n  testcard list\n  testcard list --json | jq -r ".[].title"')
    .action(async (paths: string[], { json, override }: { json: boolean; override: string[] }) => {
      const suites = await loadSuites(paths, (text) => process.stderr.write(text), { overrideFiles: override });
      const cases = suites.flatMap((suite) =>
        suite.cases.map((kase) => ({
          suite: suite.name,
          case: kase.id,
          title: kase.title,
          priority: kase.priority,
          tags: [...new Set([...suite.tags, ...kase.tags])],
          at: `${relative(process.cwd(), kase.position.file)}:${kase.position.line}`,
          ...(kase.skip ? { skip: kase.skip.reason } : {}),
        })),
      );
      if (json) {
        process.stdout.write(`${JSON.stringify(cases, null, 2)}\n`);
        return;
      }
      for (const { priority, suite, title, at, tags, skip } of cases) {
        const extras = [
          tags.length > 0 ? `[${tags.join(', ')}]` : '',
          skip === undefined ? '' : `skipped: ${skip}`,
        ].filter(Boolean);
        process.stdout.write(`${priority}  ${suite} › ${title}  ${extras.join(' ')}  ${at}\n`);
      }
      process.stdout.write(`${cases.length} cases of ${suites.length} suites\n`);
    });
}
