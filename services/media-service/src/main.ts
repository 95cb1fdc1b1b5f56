// Process entry: settings from the environment, signals, exit code.

import { type App, startApp } from './app.ts';
import { readConfig } from './config.ts';
import { EXIT_CODES, WorkerFailure } from './exit-codes.ts';
import { createLog } from './logging.ts';

/** Under the two seconds that whoever stops us waits. */
const STOP_TIMEOUT_MS = 1700;

async function main(): Promise<number> {
  let log = createLog('info');
  try {
    const config = readConfig(process.env);
    log = createLog(config.logLevel);
    let app: App | undefined;
    const signalled = new Promise<string>((resolve) => {
      // Not `once`: execa's own exit hook ends the process when it finds nobody else listening.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    });
    const starting = startApp(config, log).then((started) => {
      app = started;
      return started.ended;
    });
    const signal = await Promise.race([signalled, starting]);
    if (signal !== undefined) log.info({ signal }, 'stopping');
    await Promise.race([app?.stop(), new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS))]);
    log.info('stopped');
    return EXIT_CODES.stopped;
  } catch (error) {
    const failure = error instanceof WorkerFailure ? error : new WorkerFailure('internal', String(error));
    log.fatal({ cause: failure.exitCause, exit_code: failure.exitCode, ...failure.detail }, failure.message);
    return failure.exitCode;
  }
}

// Children still running end with the process: their pipes close, and execa ends what is left.
process.exit(await main());
