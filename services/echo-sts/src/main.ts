// Runs the server from the environment until it is told to stop.

import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept with the installed packages, which takes a third off the time to be ready; what profits has to be imported
// after this. Where the folder cannot be written, nothing is kept and nothing breaks. NODE_COMPILE_CACHE names another one.
if (process.env.NODE_COMPILE_CACHE === undefined) {
  enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/echo-sts'));
}
const [{ createApp }, { ConfigError, readConfig }, { createLogger }] = await Promise.all([
  import('./app.ts'),
  import('./config.ts'),
  import('./logging.ts'),
]);

/** A stop that takes longer than this is cut short: whoever runs us will not wait much longer. */
const STOP_BUDGET_MS = 3_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'unexpected error, stopping');
    process.exit(1);
  });
  const app = createApp(config, { logger });

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('stopping took too long, exiting');
      process.exit(1);
    }, STOP_BUDGET_MS).unref();
    app.close().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  try {
    const { url } = await app.listen();
    logger.info({ url }, 'listening');
    flushCompileCache(); // a process that is killed later keeps it too
  } catch (error) {
    logger.fatal({ err: error, host: config.host, port: config.port }, 'cannot listen');
    process.exit(1);
  }
}

main().catch((error) => {
  createLogger('info').fatal(
    error instanceof ConfigError ? { problems: error.message.split('\n') } : { err: error },
    'cannot start',
  );
  process.exit(1);
});
