// `--override <file>`: what several commands take to lay Compose files over the environment's own.

import { resolve } from 'node:path';
import { Option } from 'commander';

export const overrideOption = (): Option =>
  new Option(
    '--override <file>',
    "a Compose file laid over the environment's, as a second -f of docker compose is; may be given again",
  )
    .argParser((file: string, before: string[]) => [...before, resolve(file)])
    .default([] as string[], 'none');
