// Entry of the `testcard` command. Types are stripped and code is compiled once and kept on disk: every later start takes half the time.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Where the folder cannot be written, Node goes on without. The environment tells the processes that suites run in.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../../node_modules/.cache/testcard');
enableCompileCache(process.env.NODE_COMPILE_CACHE);
await import('./command-line.ts');
