#!/usr/bin/env node
// The `testcard` command: the built package where there is one, else the sources, which Node runs directly.

import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/main.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/cli/main.ts', import.meta.url).href);
