// Process entry: settings from the environment, signals, exit code.

import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { App } from './app.ts';

// Compiled code is kept with the installed packages, which halves the time to be ready; what profits has to be imported after this.
// Where the folder cannot be written, nothing is kept and nothing breaks. NODE_COMPILE_CACHE names another one.
if (process.env.NODE_COMPILE_CACHE === undefined) {
  enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/media-service'));
}
const [{ startApp }, { readConfig }, { EXIT_CODES, WorkerFailure }, { createLog }] = await Promise.all([
  import('./app.ts'),
  import('./config.ts'),
  import('./exit-codes.ts'),
  import('./logging.ts'),
]);
flushCompileCache(); // a process that is killed later keeps it too

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
