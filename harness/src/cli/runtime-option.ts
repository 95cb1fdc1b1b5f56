// `--runtime <name>`: where services run, as several commands take it.

import { Option } from 'commander';

export const runtimeOption = (): Option =>
  new Option('--runtime <name>', 'where services run: local processes, or containers of a Docker engine')
    .choices(['embedded', 'compose'])
    .default('embedded');
