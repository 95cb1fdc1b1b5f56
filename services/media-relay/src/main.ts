// Starts the relay as a process: settings from the environment, JSON logs on stdout, an orderly end on SIGTERM and SIGINT.

import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept with the installed packages, which halves the time to the first open port; the imports that profit have to
// come after. Where that folder cannot be written, nothing is kept and nothing breaks.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/media-relay'));
const [{ default: pino }, { createRelay }, { readConfig }] = await Promise.all([
  import('pino'),
  import('./app.ts'),
  import('./config.ts'),
]);

let config: ReturnType<typeof readConfig>;
try {
  config = readConfig(process.env);
} catch (error) {
  pino({ base: { service: 'media-relay' } }).fatal((error as Error).message);
  process.exit(2);
}
const log = pino({ level: config.logLevel, base: { service: 'media-relay' } });
const relay = createRelay(config, log);

const stop = (signal: NodeJS.Signals): void => {
  log.info({ signal }, 'stopping');
  relay.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error({ err: error }, 'stop failed');
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

try {
  const addresses = await relay.listen();
  log.info({ host: config.host, ...addresses }, 'listening');
  flushCompileCache(); // a process that is killed later keeps it too
} catch (error) {
  const { message } = error as NodeJS.ErrnoException;
  log.fatal({ reason: message }, 'cannot listen');
  process.exit(1);
}
