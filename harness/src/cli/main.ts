// Entry of the `testcard` command. Types are stripped and code is compiled once and kept on disk: every later start takes half the time.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Where the folder cannot be written, Node goes on without.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/testcard'));
await import('./command-line.ts');
