// `testcard plan`: what a run would start, how long it can take at most, without starting anything.

import { relative } from 'node:path';
import { Command } from 'commander';
import { loadSuites } from '../../assembly/load-suites.ts';
import { planOf } from '../../assembly/plan.ts';
import { formatDurationMs } from '../../base/duration.ts';
import type { RuntimeName } from '../../model/suite.ts';
import { overrideOption } from '../override-option.ts';
import { runtimeOption } from '../runtime-option.ts';

export function command(): Command {
  return new Command('plan')
    .description(
      'Show what a run would start: services, links that may be broken, fixtures, steps, and how long they may take.',
    )
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(runtimeOption())
    .addOption(overrideOption())
    .option('--json', 'print as JSON', false)
    .addHelpText('after', '\nExamples:\n  testcard plan\n  testcard plan suites/dubbing/full-pipeline.suite.yaml')
    .action(
      async (
        paths: string[],
        { json, override, runtime }: { json: boolean; override: string[]; runtime: RuntimeName },
      ) => {
        const plans = await Promise.all(
          (await loadSuites(paths, (text) => process.stderr.write(text), { runtime, overrideFiles: override })).map(
            (suite) => planOf(suite, { runtime, overrideFiles: override }),
          ),
        );
        if (json) {
          process.stdout.write(`${JSON.stringify(plans, null, 2)}\n`);
          return;
        }
        for (const plan of plans) {
          process.stdout.write(`${plan.suite}  (${relative(process.cwd(), plan.file)})\n`);
          process.stdout.write(
            `  environment  ${plan.environment}: ${plan.services.map((service) => service.summary).join(', ')}\n`,
          );
          process.stdout.write(`  breakable    ${plan.links.join(', ') || 'no link'}\n`);
          process.stdout.write(
            `  fixtures     ${plan.fixtures.map((fixture) => `${fixture.name} (${fixture.state})`).join(', ') || 'none'}\n`,
          );
          for (const kase of plan.cases) {
            process.stdout.write(`  ${kase.priority} ${kase.title}  (at most ${formatDurationMs(kase.timeoutMs)})\n`);
            for (const [index, step] of kase.steps.entries()) process.stdout.write(`     ${index + 1}. ${step}\n`);
            for (const promise of kase.throughout) process.stdout.write(`     throughout: ${promise}\n`);
          }
        }
      },
    );
}
