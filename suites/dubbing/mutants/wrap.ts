// Runs a service with one defect: in the place of its own command, `node suites/dubbing/mutants/wrap.ts --mutant <name>`.

import { createServer } from 'node:http';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { TRIALS } from './list/index.ts';
import type { LogRecord, Trial, Wrapped } from './mutant.ts';
import { freePort } from './wrappers/free-port.ts';
import { createHttpProxy, listen } from './wrappers/http-proxy.ts';
import { passLog } from './wrappers/log-lines.ts';
import { type OutputMiddleman, startOutputMiddleman } from './wrappers/output-middleman.ts';
import { startStsMiddleman } from './wrappers/sts-middleman.ts';
import { startTrueService } from './wrappers/true-service.ts';

/** Each service's own port, as its Compose entry names it, the variable that its port may be set by, and that of the address it listens on. */
const OWN_PORT = {
  'media-service': { variable: 'METRICS_PORT', allocated: 'PORT_8000', host: 'HOST' },
  'echo-sts': { variable: 'ECHO_PORT', allocated: 'PORT_8080', host: 'ECHO_HOST' },
} as const;
/** The first process of a container has no group that signals go to: it hands them on. */
const IS_FIRST = process.pid === 1;

const { values } = parseArgs({ options: { mutant: { type: 'string' } } });
const trial = TRIALS.find(({ name }) => name === values.mutant);
if (!trial) {
  process.stderr.write(`wrap: there is no mutant ${values.mutant ?? '(name it with --mutant)'}\n`);
  process.exit(2);
}
await wrap(trial);

async function wrap({ service, make }: Trial): Promise<void> {
  const listeners: ((line: LogRecord) => void)[] = [];
  let forcedCode: number | undefined;
  const write = (text: string): void => void process.stdout.write(text);
  const wrapped: Wrapped = {
    onLog: (hear) => void listeners.push(hear),
    writeLog: (line) => write(`${JSON.stringify(line)}\n`),
    end(exitCode) {
      forcedCode = exitCode;
      child.kill('SIGKILL');
    },
  };
  const taps = make(wrapped);
  const env: NodeJS.ProcessEnv = { ...process.env };
  let output: OutputMiddleman | undefined;

  const own = OWN_PORT[service];
  if (taps.metrics || (taps.sts && service === 'echo-sts')) {
    const port = Number(env[own.allocated] ?? env[own.variable]);
    const moved = String(await freePort());
    Object.assign(env, { [own.variable]: moved, [own.allocated]: moved });
    const proxy = createHttpProxy(`http://127.0.0.1:${moved}`, taps.metrics);
    if (taps.sts && service === 'echo-sts') startStsMiddleman(proxy, `http://127.0.0.1:${moved}`, taps.sts);
    await listen(proxy, port, env[own.host]);
  }
  if (taps.sts && service === 'media-service') {
    const middleman = createServer();
    startStsMiddleman(middleman, env.STS_URL ?? '', taps.sts);
    env.STS_URL = `http://127.0.0.1:${await listen(middleman, 0)}`;
  }
  if (taps.output || taps.outputCodecs) {
    output = startOutputMiddleman(env.RTMP_URL ?? '', taps.output ?? (() => (tag) => [tag]), taps.outputCodecs);
    env.RTMP_URL = output.url;
  }
  if (taps.preload) {
    env.NODE_OPTIONS = `--import ${pathToFileURL(join(import.meta.dirname, taps.preload)).href}`;
  }
  Object.assign(env, taps.environment?.(process.env));

  // The group that this process leads gets every signal, the child with it: it decides how to end, and this one follows.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (IS_FIRST) child.kill(signal);
    });
  }
  const child = startTrueService(service, env);
  const hear = (line: LogRecord): void => {
    for (const listener of listeners) listener(line);
  };
  const logEnded = child.stdout ? passLog(child.stdout, { hear, change: taps.log }, write) : Promise.resolve();
  child.on('exit', async (code, signal) => {
    await logEnded;
    const own = code ?? 128 + (signal ? constants.signals[signal] : 0);
    const exitCode = forcedCode ?? (taps.exitCode ? taps.exitCode(own) : own);
    if (exitCode === undefined) {
      setInterval(() => {}, 60_000); // hangs on, as its defect wants it
      return;
    }
    output?.stop();
    process.exit(exitCode);
  });
}
