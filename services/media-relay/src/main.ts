// Starts the relay as a process: settings from the environment, JSON logs on stdout, an orderly end on SIGTERM and SIGINT.

import pino from 'pino';
import { createRelay } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig(process.env);
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
} catch (error) {
  log.fatal({ err: error }, 'cannot listen');
  process.exit(1);
}
