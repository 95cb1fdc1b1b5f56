// What a link's open connections have carried so far, as the kernel counts it: Toxiproxy adds up a connection's bytes when it ends.

import { z } from 'zod';
import { TestcardError } from '../../model/errors.ts';
import type { OpenBytes } from '../../model/faults.ts';
import { execIn } from './exec-in.ts';
import type { SideContainers } from './side-containers.ts';

export interface OpenBytesOptions {
  tools: SideContainers;
  /** Of the proxy. */
  container: string;
  /** Where clients connect to it. */
  listenPort: number;
  /** The server, as the proxy finds it. */
  server: string;
  serverPort: number;
}

/** What asking costs: one run of ss(8). */
const EVERY_MS = 25;
const STARTS_WITHIN_MS = 10_000;

const samples = z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]).readonly());

/**
 * Its arguments: port of the clients' end, the server, its port, for how long, how often, ms. Prints one line of JSON: an array for each
 * look, [ms, connections, received from clients, sent to the server, received from the server, sent to clients].
 *
 * ss says of each socket how many bytes its peer has acknowledged (one for the SYN among them) and how many wait to be (Send-Q): together,
 * what the proxy has written. When a connection comes or goes the looks so far are dropped: their sums are of others.
 */
const program = String.raw`
import json, re, socket, subprocess, sys, time

listen, server, port, lasts, every = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
hosts = {info[4][0] for info in socket.getaddrinfo(server, port, proto=socket.IPPROTO_TCP)}

def split(address):
    host, _, number = address.rpartition(":")
    host = host.strip("[]").split("%")[0]
    return (host[7:] if host.startswith("::ffff:") else host), int(number)

def count(info, name):
    found = re.search(r"\b" + name + r":(\d+)", info)
    return int(found.group(1)) if found else 0

def look():
    clients, servers = {}, {}
    text = subprocess.run(["ss", "-tinHO", "state", "connected"], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        fields = line.split(None, 5)
        if len(fields) < 6 or fields[0] in ("TIME-WAIT", "SYN-SENT", "SYN-RECV"):
            continue  # of one that is over the kernel keeps no counts
        state, _, queued, local, peer, info = fields
        wrote = max(0, count(info, "bytes_acked") - 1) + int(queued)
        bytes_of = (count(info, "bytes_received"), wrote)
        if split(local)[1] == listen:
            clients[local + " " + peer] = bytes_of
        elif split(peer)[1] == port and split(peer)[0] in hosts:
            servers[local + " " + peer] = bytes_of
    return clients, servers

began, known, looks = time.monotonic(), None, []
while True:
    at = time.monotonic()
    clients, servers = look()
    now = (sorted(clients), sorted(servers))
    if now != known:
        known, looks = now, []
    total = lambda sockets, which: sum(each[which] for each in sockets.values())
    looks.append([(at - began) * 1000, len(clients), total(clients, 0), total(servers, 1), total(servers, 0), total(clients, 1)])
    if (time.monotonic() - began) * 1000 >= lasts:
        break
    time.sleep(every / 1000)
print(json.dumps(looks))
`;

/** Throws STEP_INCONCLUSIVE when the tools cannot be had or cannot tell. */
export async function watchOpenBytes(
  { tools, container, listenPort, server, serverPort }: OpenBytesOptions,
  forMs: number,
  signal: AbortSignal,
): Promise<OpenBytes[]> {
  const side = await tools.of(container, 'network', signal);
  const argv = [String(listenPort), server, String(serverPort), String(forMs), String(EVERY_MS)];
  const bound = AbortSignal.any([signal, AbortSignal.timeout(forMs + STARTS_WITHIN_MS)]);
  const { code, stdout, stderr } = await execIn(side, ['python3', '-c', program, ...argv], bound);
  if (code !== 0) {
    const words = stderr.trim().split('\n').at(-1) ?? 'it said nothing';
    throw new TestcardError('STEP_INCONCLUSIVE', `the bytes of open connections cannot be read: ${words}`);
  }
  return samples.parse(JSON.parse(stdout)).map(([atMs, connections, fromClients, toServer, fromServer, toClients]) => ({
    atMs,
    connections,
    upstream: { receivedBytes: fromClients, sentBytes: toServer },
    downstream: { receivedBytes: fromServer, sentBytes: toClients },
  }));
}
