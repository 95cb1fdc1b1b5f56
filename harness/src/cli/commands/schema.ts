// `testcard schema`: the JSON Schemas of suites, quarantine lists and results, and the reference page, all made from the code.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { referencePage, SCHEMAS } from '../../assembly/generated.ts';

type SchemaName = keyof typeof SCHEMAS;
const NAMES = Object.keys(SCHEMAS) as SchemaName[];
const FOLDER = 'harness/schema';

export function command(): Command {
  return new Command('schema')
    .description('Print a JSON Schema (or write it; without a name, all of them), or write the reference page.')
    .addArgument(new Argument('[name]', 'whose').choices(NAMES))
    .option('-w, --write [file]', `write to a file (default ${FOLDER}/<name>.schema.json)`)
    .option('--reference [file]', 'write the reference page (default docs/reference.md)')
    .addHelpText(
      'after',
      `
Examples:
  testcard schema > suite.schema.json
  testcard schema results > results.schema.json
  testcard schema --write --reference`,
    )
    .action((name: SchemaName | undefined, options: { write?: string | true; reference?: string | true }) => {
      const write = (file: string, text: string) => {
        mkdirSync(dirname(resolve(file)), { recursive: true });
        writeFileSync(file, text);
        process.stdout.write(`wrote ${file}\n`);
      };
      if (typeof options.write === 'string') write(options.write, SCHEMAS[name ?? 'suite']());
      else if (options.write) {
        for (const each of name === undefined ? NAMES : [name]) write(`${FOLDER}/${each}.schema.json`, SCHEMAS[each]());
      }
      if (options.reference)
        write(options.reference === true ? 'docs/reference.md' : options.reference, referencePage());
      if (!options.write && !options.reference) process.stdout.write(SCHEMAS[name ?? 'suite']());
    });
}
