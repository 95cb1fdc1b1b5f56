// Measures a network between two containers with ordinary sockets, as programs there would see it: nothing of how faults prove themselves.

import type { DockerBench } from './docker-bench.ts';

export interface UdpSeen {
  sent: number;
  /** Sending failed that often: a network never tells. */
  refused: number;
  received: number;
  lost: number;
  duplicated: number;
  /** Packets that came after one that was sent later. */
  overtaken: number;
  medianMs: number;
  /** 5th to 95th percentile. */
  spreadMs: number;
  bitsPerSecond: number;
}

const receiver = `
import json, socket, struct, sys, time
port, quiet, kind = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
if kind == "udp":
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
    sock.bind(("", port))
    print("ready", flush=True)
    sock.settimeout(6)
    seen = []
    try:
        while True:
            data = sock.recv(65535)
            now = time.monotonic_ns()
            sock.settimeout(quiet)
            number, sent = struct.unpack_from("!IQ", data)
            seen.append((number, (now - sent) // 1000, now // 1000, len(data)))
    except socket.timeout:
        pass
    print(json.dumps(seen), flush=True)
else:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", port))
    server.listen(1)
    print("ready", flush=True)
    server.settimeout(20)
    link, _ = server.accept()
    link.settimeout(20)
    total, first, last, delays = 0, None, None, []
    pending = b""
    while True:
        data = link.recv(1 << 16)
        last = time.monotonic_ns()
        if not data:
            break
        first = first or last
        total += len(data)
        if kind == "echo":
            link.sendall(data)
    print(json.dumps({"bytes": total, "seconds": (last - first) / 1e9 if first else 0}), flush=True)
`;

const udpSender = `
import json, socket, struct, sys, time
host, port, count, gap, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, 32, 16 << 20)
if len(sys.argv) > 6:
    sock.bind(("", int(sys.argv[6])))
refused, begin = 0, time.monotonic()
for number in range(count):
    wait = begin + number * gap - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    try:
        sock.sendto(struct.pack("!IQ", number, time.monotonic_ns()) + bytes(size - 12), (host, port))
    except OSError:
        refused += 1
print(json.dumps({"refused": refused}))
`;

const tcpSender = `
import json, socket, statistics, sys, time
host, port, total, echoes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
begin = time.monotonic()
link = socket.create_connection((host, port), 20)
link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
connected = time.monotonic() - begin
trips = []
for _ in range(echoes):
    at = time.monotonic()
    link.sendall(b"x" * 100)
    link.recv(100)
    trips.append((time.monotonic() - at) * 1e3)
chunk = bytes(1 << 15)
while total > 0:
    total -= link.send(chunk[:total])
link.shutdown(socket.SHUT_WR)
while link.recv(1 << 16):
    pass
print(json.dumps({"connectMs": connected * 1e3, "tripMs": statistics.median(trips) if trips else 0}))
`;

export interface Between {
  from: string;
  to: string;
  host: string;
}

/** Datagrams, one every `gapMs`. */
export async function measureUdp(
  bench: DockerBench,
  { from, to, host }: Between,
  options: { count: number; gapMs: number; bytes?: number; port?: number; quietS?: number; fromPort?: number },
): Promise<UdpSeen> {
  const { count, gapMs, bytes = 200, port = 5004, quietS = 2, fromPort } = options;
  const signal = AbortSignal.timeout(60_000);
  const at = await bench.containers.netStart(
    to,
    ['python3', '-c', receiver, String(port), String(quietS), 'udp'],
    signal,
  );
  try {
    const argv = [host, port, count, gapMs / 1_000, bytes, ...(fromPort === undefined ? [] : [fromPort])].map(String);
    const { refused } = JSON.parse(await bench.python(from, udpSender, ...argv)) as { refused: number };
    const seen = await printed<[number, number, number, number][]>(at);
    const first = new Map<number, number>();
    let duplicated = 0;
    let overtaken = 0;
    let newest = -1;
    for (const [number, tookUs] of seen) {
      if (first.has(number)) {
        duplicated += 1;
        continue;
      }
      first.set(number, tookUs / 1_000);
      if (number < newest) overtaken += 1;
      newest = Math.max(newest, number);
    }
    const took = [...first.values()].sort((a, b) => a - b);
    const part = (share: number) => took[Math.floor(share * took.length)] ?? Number.NaN;
    const spanUs = (seen.at(-1)?.[2] ?? 0) - (seen[0]?.[2] ?? 0);
    const counted = seen.slice(1).reduce((sum, [, , , size]) => sum + size + 42, 0); // UDP, IP and Ethernet headers
    return {
      ...{ sent: count, refused, received: first.size, lost: count - first.size, duplicated, overtaken },
      ...{ medianMs: part(0.5), spreadMs: part(0.95) - part(0.05), bitsPerSecond: (counted * 8e6) / spanUs },
    };
  } finally {
    await at.stop();
  }
}

/** Round trips of 100 bytes, or how fast a stream gets through. */
export async function measureTcp(
  bench: DockerBench,
  { from, to, host }: Between,
  { bytes = 0, echoes = 0, port = 8080 }: { bytes?: number; echoes?: number; port?: number },
): Promise<{ connectMs: number; tripMs: number; bitsPerSecond: number }> {
  const signal = AbortSignal.timeout(60_000);
  const kind = echoes > 0 ? 'echo' : 'tcp';
  const at = await bench.containers.netStart(to, ['python3', '-c', receiver, String(port), '2', kind], signal);
  try {
    const times = JSON.parse(await bench.python(from, tcpSender, host, String(port), String(bytes), String(echoes)));
    const { bytes: got, seconds } = await printed<{ bytes: number; seconds: number }>(at);
    return { ...times, bitsPerSecond: (got * 8) / Math.max(seconds, 1e-6) };
  } finally {
    await at.stop();
  }
}

/** What a program says in its last line, after `ready`. */
async function printed<T>(at: { output(): string }): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const line = at.output().split('\n').filter(Boolean)[1];
    if (line?.endsWith(']') || line?.endsWith('}')) return JSON.parse(line) as T;
    if (Date.now() > deadline) throw new Error(`nothing was received: ${at.output().slice(-200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
