// The program that delays, duplicates, reorders or throttles packets where the kernel has no netem: it takes them from NFQUEUE. Python 3
// with nothing but its standard library, run by the tools image in the network namespace of the service.

/**
 * Its one argument is a RelaySettings as JSON. It prints `ready` when packets may be sent its way and ends on its abstract socket's
 * `stop`, or by itself after `lifetimeS`. When it dies, `--queue-bypass` of the rule lets packets pass as if it had never been.
 *
 * Packets on their way in are held and let go when they are due. Those on their way out are copied, dropped at once and sent again when
 * due, as netem orphans them: a held packet counts against what its socket may send, and would throttle TCP to some packets per delay.
 */
export const relayProgram = String.raw`
import fcntl, heapq, json, os, random, select, socket, struct, sys, time

S = json.loads(sys.argv[1])
DELAY, JITTER = S["delayMs"] * 1e6, S["jitterMs"] * 1e6
LOSS, DUPLICATE, REORDER, HOLD = S["loss"], S["duplicate"], S["reorder"], S["holdMs"] * 1e6
RATE, BACKLOG = S["bitsPerSecond"], S["backlogMs"] * 1e6
ENDS = time.monotonic() + S["lifetimeS"]
ACCEPT, DROP = 1, 0

def attribute(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)

def message(kind, queue, body, flags=1):
    return struct.pack("=IHHII", 20 + len(body), 3 << 8 | kind, flags, 0, 0) + struct.pack("!BBH", 0, 0, queue) + body

def open_queue(number, whole):
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    try:
        link.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
    except OSError:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    link.bind((0, 0))
    link.setsockopt(270, 5, 1)
    configure(link, number, attribute(1, struct.pack("!BBH", 1, 0, socket.AF_INET)))
    configure(link, number, attribute(2, struct.pack("!IB", 65535 if whole else 28, 2)))
    configure(link, number, attribute(3, struct.pack("!I", 65536)))
    link.setblocking(False)
    return link

def configure(link, number, body):
    link.send(message(2, number, body, 5))
    answer = link.recv(65536)
    code = struct.unpack_from("=i", answer, 16)[0]
    if code:
        raise OSError(-code, "NFQUEUE %d: %s" % (number, os.strerror(-code)))

raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
raw.setsockopt(socket.SOL_SOCKET, 36, S["mark"])
control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
control.bind("\0" + S["control"])

def mtu_of(name):
    return struct.unpack_from("=i", fcntl.ioctl(control.fileno(), 0x8921, struct.pack("=16s24x", name.encode())), 16)[0]

MTU = min([mtu_of(name) for _, name in socket.if_nameindex() if name != "lo"] or [1500])
links = {}
for way, number in S["queues"].items():
    links[open_queue(number, way == "out" or DUPLICATE > 0)] = (number, way)
inputs = list(links) + [control]
counts = {"seen": 0, "duplicated": 0, "turned": 0, "dropped": 0, "unsent": 0}
waiting, order = [], 0
last_due = {"in": 0, "out": 0}
free_at = {"in": 0, "out": 0}
randomly = random.random
print("ready", flush=True)

def due_at(now, way, size):
    due = now
    if RATE:
        due = max(now, free_at[way])
        if due - now > BACKLOG:
            return None
        due += size * 8e9 / RATE
        free_at[way] = due
    if REORDER and randomly() < REORDER:
        counts["turned"] += 1
        return due if DELAY else due + HOLD
    if JITTER:
        return due + DELAY + (2 * randomly() - 1) * JITTER
    return due + DELAY

def transmit(data):
    try:
        raw.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
    except OSError:
        counts["unsent"] += 1

def take(link, number, way, data, verdicts):
    global order
    at, end = 20, len(data)
    packet, size = b"", 0
    while at + 4 <= end:
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        if kind == 1:
            identity = struct.unpack_from("!I", data, at + 4)[0]
        elif kind == 10:
            packet = data[at + 4:at + length]
        elif kind == 13:
            size = struct.unpack_from("!I", data, at + 4)[0]
        at += (length + 3) & ~3
    counts["seen"] += 1
    size = size or len(packet)
    due = None if LOSS and randomly() < LOSS else due_at(time.monotonic_ns(), way, size)
    if due is None:
        counts["dropped"] += 1
        verdicts.append(verdict(number, identity, DROP))
        return
    copies = 0
    if DUPLICATE and randomly() < DUPLICATE:
        counts["duplicated"] += 1
        copies = 1
    if way == "out" and size <= MTU and len(packet) == size:
        verdicts.append(verdict(number, identity, DROP))
        copies += 1
    else:
        order += 1
        heapq.heappush(waiting, (due, order, link, number, identity))
    for _ in range(copies):
        order += 1
        heapq.heappush(waiting, (due, order, None, 0, bytes(packet)))

def verdict(number, identity, decision):
    return message(1, number, struct.pack("=HH", 12, 2) + struct.pack("!II", decision, identity))

def let_go(now):
    verdicts = {}
    while waiting and waiting[0][0] <= now:
        _, _, link, number, what = heapq.heappop(waiting)
        if link is None:
            transmit(what)
        else:
            verdicts.setdefault(link, []).append(verdict(number, what, ACCEPT))
    for link, each in verdicts.items():
        send(link, each)

def send(link, verdicts):
    for start in range(0, len(verdicts), 256):
        try:
            link.send(b"".join(verdicts[start:start + 256]))
        except OSError:
            counts["unsent"] += 1

def serve():
    while time.monotonic() < ENDS:
        pause = 1.0
        if waiting:
            pause = max(0.0, min(1.0, (waiting[0][0] - time.monotonic_ns()) / 1e9))
        for ready in select.select(inputs, [], [], pause)[0]:
            if ready is control:
                word, address = control.recvfrom(64)
                if address:
                    control.sendto(json.dumps(counts).encode(), address)
                if word == b"stop":
                    return
                continue
            number, way = links[ready]
            verdicts = []
            # Some at a time: those that are due must not wait for all that came.
            for _ in range(64):
                try:
                    data = ready.recv(131072)
                except OSError:
                    break
                if struct.unpack_from("=H", data, 4)[0] == 0x300:
                    take(ready, number, way, data, verdicts)
            if verdicts:
                send(ready, verdicts)
        let_go(time.monotonic_ns())

serve()
let_go(float("inf"))
`;

/** What the program is told. Percentages as parts of 1. */
export interface RelaySettings {
  /** Name of its abstract socket, which is the namespace's own. */
  control: string;
  queues: { in?: number; out?: number };
  /** Of the packets that it sends, so that the rule lets them pass. */
  mark: number;
  loss: number;
  delayMs: number;
  jitterMs: number;
  duplicate: number;
  reorder: number;
  /** How long a packet out of turn is held back when the others are not delayed. */
  holdMs: number;
  /** 0: unlimited. */
  bitsPerSecond: number;
  /** Longest queue of a limited rate; what comes after is dropped. */
  backlogMs: number;
  lifetimeS: number;
}
