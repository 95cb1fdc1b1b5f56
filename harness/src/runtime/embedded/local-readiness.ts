// Whether a local process is ready: by its HTTP address, its health check's command, or its ports.

import { type PortTable, rewriteAddresses, rewriteArguments } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { httpProbe, portsProbe, type ReadinessProbe } from '../supervision/readiness.ts';
import type { ServiceCommand } from './service-command.ts';
import { startServiceProcess } from './service-process.ts';

/** Undefined for a service that has nothing to ask: it is up as soon as it runs. */
export function readinessProbe(
  spec: ServiceSpec,
  table: PortTable,
  command: ServiceCommand,
  guard: ProcessGuard,
): ReadinessProbe | undefined {
  const { ready } = spec;
  if (!ready) return portsProbe(spec, table);
  if ('http' in ready) return httpProbe(ready.http, rewriteAddresses(ready.http, table, spec.name).text);
  const argv = rewriteArguments(spec.name, ready.command, table);
  return {
    attempt: (signal) => runCheck(argv, command, guard, ready.timeoutMs, signal),
    everyMs: 20,
    maxEveryMs: Math.min(ready.intervalMs, 1_000),
  };
}

async function runCheck(
  argv: string[],
  { env, cwd }: ServiceCommand,
  guard: ProcessGuard,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [program = '', ...args] = argv;
  let lastLine = '';
  const check = startServiceProcess({ argv: [program, ...args], env, cwd }, guard, (_stream, text) => {
    lastLine = text.trim() || lastLine;
  });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const stop = () => check.signal('SIGKILL');
  bounded.addEventListener('abort', stop, { once: true });
  if (bounded.aborted) stop();
  const exit = await check.ended;
  bounded.removeEventListener('abort', stop);
  if (exit.code === 0) return undefined;
  if (bounded.aborted) return `health check took longer than ${timeoutMs} ms`;
  const words = lastLine === '' ? '' : `: ${lastLine.slice(0, 200)}`;
  return exit.problem ?? `health check ended with ${exit.code ?? exit.signal}${words}`;
}
