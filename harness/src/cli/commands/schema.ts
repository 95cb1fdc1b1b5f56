// `testcard schema`: the JSON Schema of suites, for editors, and the reference page, both made from the code.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { referencePage, suiteSchemaText } from '../../assembly/generated.ts';

export function command(): Command {
  return new Command('schema')
    .description('Print the JSON Schema of suite files (or write it, and the reference page).')
    .option('-w, --write [file]', 'write the schema to a file (default harness/schema/suite.schema.json)')
    .option('--reference [file]', 'write the reference page (default docs/reference.md)')
    .addHelpText('after', '\nExamples:\n  testcard schema > suite.schema.json\n  testcard schema --write --reference')
    .action((options: { write?: string | true; reference?: string | true }) => {
      const write = (file: string, text: string) => {
        mkdirSync(dirname(resolve(file)), { recursive: true });
        writeFileSync(file, text);
        process.stdout.write(`wrote ${file}\n`);
      };
      if (options.write)
        write(options.write === true ? 'harness/schema/suite.schema.json' : options.write, suiteSchemaText());
      if (options.reference)
        write(options.reference === true ? 'docs/reference.md' : options.reference, referencePage());
      if (!options.write && !options.reference) process.stdout.write(suiteSchemaText());
    });
}
