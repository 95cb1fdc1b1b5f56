// How long an environment takes from nothing to ready, beside the same services started one after the other.
//
//   node harness/bench/environment-ready.ts [compose file] [rounds]
//
// Exit 1 when the median is over two seconds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireEnvironment } from '../src/environment/index.ts';
import type { EnvironmentSpec } from '../src/model/environment.ts';
import type { TimelineEvent } from '../src/model/timeline.ts';
import { createEmbeddedRuntime } from '../src/runtime/embedded/embedded-runtime.ts';
import { ownFromHere } from '../src/runtime/ownership/owner.ts';

const BAR_MS = 2_000;

const [file = 'compose/dubbing/compose.yaml', rounds = '7'] = process.argv.slice(2);
ownFromHere();
const spec = requireEnvironment(file);
const inTurn: EnvironmentSpec = {
  ...spec,
  services: spec.services.map((service, index) => ({
    ...service,
    dependsOn: spec.services
      .slice(0, index)
      .map(({ name }) => ({ service: name, condition: 'service_healthy' as const })),
  })),
};
const folder = mkdtempSync(join(tmpdir(), 'environment-ready-'));

async function measure(which: EnvironmentSpec): Promise<{ readyMs: number; services: Map<string, number> }> {
  const events: TimelineEvent[] = [];
  const { signal } = new AbortController();
  const environment = await createEmbeddedRuntime().start(which, {
    ...{ overrides: {}, logFolder: folder, signal, onLog: () => {}, onEvent: (event) => events.push(event) },
  });
  await environment.stop(AbortSignal.timeout(10_000));
  const at = (service: string, state: string) =>
    events.find((event) => event.type === 'service' && event.service === service && event.state === state)?.atMs ?? 0;
  const services = new Map(which.services.map(({ name }) => [name, at(name, 'ready') - at(name, 'starting')]));
  return { readyMs: environment.readyAfterMs, services };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
try {
  const runs: Awaited<ReturnType<typeof measure>>[] = [];
  const baseline: number[] = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    runs.push(await measure(spec));
    baseline.push((await measure(inTurn)).readyMs);
  }
  for (const { name } of spec.services) {
    console.log(
      `${name.padEnd(20)} ${median(runs.map(({ services }) => services.get(name) ?? 0))} ms from start to ready`,
    );
  }
  const readyMs = runs.map((run) => run.readyMs);
  const ratio = median(baseline) / median(readyMs);
  console.log(
    `${spec.name} ready          median ${median(readyMs).toFixed(0)} ms, slowest ${Math.max(...readyMs).toFixed(0)} ms of ${rounds}`,
  );
  console.log(`one after the other    median ${median(baseline).toFixed(0)} ms (${ratio.toFixed(2)} × as long)`);
  process.exitCode = median(readyMs) <= BAR_MS ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
