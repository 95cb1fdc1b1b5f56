// A limited link through the real Toxiproxy, between containers of a real engine. Toxiproxy tells a connection's bytes when it ends: what is
// proven here is proven by the kernel's counts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { requireEnvironment } from '../../environment/index.ts';
import type { LinkUse } from '../../model/environment.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { createComposeRuntime } from '../../runtime/compose/compose-runtime.ts';
import { toolsImage } from '../../runtime/compose/side-containers.ts';
import { faultPortsOf } from '../../runtime/embedded/fault-ports.ts';
import type { SupervisedEnvironment } from '../../runtime/supervision/supervised-environment.ts';
import { type FaultEntry, FaultRunner } from '../fault-runner.ts';
import { engineFor } from '../testing/docker-bench.ts';
import { linkFaults } from './index.ts';

const engine = engineFor('network.bandwidth');
const signal = AbortSignal.timeout(110_000);

/** Reads all that comes, and answers each connection with a steady 100 kB/s. */
const SERVER = `
import socket, threading, time
def drain(c):
  while c.recv(65536): pass
  c.shutdown(socket.SHUT_RDWR)
def serve(c):
  threading.Thread(target=drain, args=(c,), daemon=True).start()
  while True: c.sendall(b'x' * 2000); time.sleep(0.02)
s = socket.create_server(('', 80))
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
`;
/** Sends so many bytes every 20 ms. */
const CLIENT = `
import os, socket, sys, threading, time, urllib.parse
at = urllib.parse.urlsplit(os.environ['PEER'])
# One that is over: the proxy's end of it stays in the kernel for a minute.
socket.create_connection((at.hostname, at.port)).close()
c = socket.create_connection((at.hostname, at.port))
def drain():
  while c.recv(65536): pass
threading.Thread(target=drain, daemon=True).start()
while True: c.sendall(b'x' * int(sys.argv[1])); time.sleep(0.02)
`;
const service = (program: string, ...argv: string[]) =>
  `{ image: "${toolsImage()}", init: true, command: ${JSON.stringify(['python3', '-c', program, ...argv])} }`;

describe.skipIf(!engine)('network.bandwidth through Toxiproxy', () => {
  let folder: string;
  let environment: SupervisedEnvironment;
  const events: TimelineEvent[] = [];
  const uses: LinkUse[] = [
    ['busy', 'server'],
    ['quiet', 'other'],
    ['one', 'shared'],
    ['two', 'shared'],
  ].map(([a = '', b = '']) => ({ between: [a, b] }));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bandwidth-'));
    const file = join(folder, 'links.yaml');
    const server = service(SERVER).replace(/ }$/, ', ports: ["80"] }');
    const client = (to: string, bytes: number) =>
      `${service(CLIENT, String(bytes)).replace(/ }$/, '')}, environment: { PEER: "tcp://${to}:80" }, depends_on: { ${to}: { condition: service_healthy } } }`;
    const services = {
      ...{ server, other: server, shared: server },
      ...{ busy: client('server', 4_000), quiet: client('other', 200) },
      ...{ one: client('shared', 4_000), two: client('shared', 4_000) },
    };
    const lines = Object.entries(services).map(([name, entry]) => `  ${name}: ${entry}`);
    writeFileSync(file, `name: links\nservices:\n${lines.join('\n')}\n`);
    environment = await createComposeRuntime().start(requireEnvironment(file, [], 'compose'), {
      ...{ overrides: {}, logFolder: join(folder, 'logs'), onLog: () => {}, onEvent: () => {}, signal, links: uses },
    });
    for (const { between } of uses) {
      const [link] = environment.between(...between);
      await vi.waitFor(async () => expect(await link?.countConnections?.(signal)).toBe(1), { timeout: 10_000 });
    }
  }, 60_000);
  afterAll(async () => {
    await environment?.stop(AbortSignal.timeout(20_000));
    if (folder) rmSync(folder, { recursive: true });
  });

  const runner = () =>
    new FaultRunner({
      ...{ kinds: linkFaults, ports: faultPortsOf(environment, systemClock), clock: systemClock, scope: 'test' },
      ledger: { begin: (_: FaultEntry) => {}, end: () => {} },
      emitEvent: (event) => void events.push(event),
    });
  const limit = (client: string, server: string, bitsPerSecond: number, towards?: string) =>
    runner().inject('network.bandwidth', { between: [client, server], towards, bitsPerSecond }, signal);
  const proofOf = (key: 'proof') =>
    events.findLast((event) => key in event) as { proof?: { seen: string } } | undefined;

  it('is proven by what the kernel counts on both sides of the proxy, in both directions', async () => {
    const fault = await limit('busy', 'server', 400_000);
    const seen = proofOf('proof')?.proof?.seen ?? '';
    const rates = [...seen.matchAll(/to the (\w+) (\d+)(?:\.\d+)? ?kbit\/s with \d+ bytes waiting/g)];
    expect(rates.map(([, where]) => where).sort(), seen).toEqual(['client', 'server']);
    for (const [, , kilobits] of rates) expect(Number(kilobits)).toBeGreaterThan(250);
    await fault.revert(signal);
  });

  it('is not proven where less comes than it lets through', async () => {
    await expect(limit('quiet', 'other', 400_000, 'other')).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining('less than the limit'),
    });
  });

  it('says that open connections cannot be told from those of another link', async () => {
    await expect(limit('one', 'shared', 400_000)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining('another link'),
    });
  });
});
