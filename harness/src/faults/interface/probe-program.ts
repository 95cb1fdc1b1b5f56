// The program that proves what happens to packets on their way: one run of it sends numbered packets, another counts them at the other end.
// Python 3 with nothing but its standard library, run by the tools image in the network namespaces of both.

/**
 * Its one argument is a ProbeSettings as JSON. The packets fit the filter of the fault (protocol, port, addresses) and have a wrong
 * checksum: the kernel counts them where this program looks, after all that was put in their way, and gives them to no service.
 *
 * `receive` prints `ready`, then one line of JSON when the last packet is long past; `send` prints one line of JSON.
 */
export const probeProgram = String.raw`
import json, socket, struct, sys, time

S = json.loads(sys.argv[1])
NUMBER = {"udp": 17, "tcp": 6}[S["protocol"]]
TOKEN = bytes.fromhex(S["token"])
HEADER = {"udp": 8, "tcp": 20}[S["protocol"]]
PACED, TRAIN, END = 0, 1, 2
now = time.monotonic_ns

def force(sock, option, bytes_wanted):
    try:
        sock.setsockopt(socket.SOL_SOCKET, {"in": 33, "out": 32}[option], bytes_wanted)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, {"in": socket.SO_RCVBUF, "out": socket.SO_SNDBUF}[option], bytes_wanted)

def packet(index, kind, size):
    source, target = S["ports"][index % len(S["ports"])]
    body = TOKEN + struct.pack("!IBQ", index, kind, now())
    body += b"\0" * (size - 20 - HEADER - len(body))
    if NUMBER == 17:
        head = struct.pack("!HHHH", source, target, 8 + len(body), 0x0bad)
    else:
        head = struct.pack("!HHIIBBHHH", source, target, 1, 1, 5 << 4, 16, 1024, 0x0bad, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(body), 0, 0, 64, NUMBER, 0,
                     socket.inet_aton(S["from"]), socket.inet_aton(S["to"]))
    return ip + head + body

def send():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    force(raw, "out", 16 << 20)
    refused = 0

    def emit(index, kind, size):
        nonlocal refused
        try:
            raw.sendto(packet(index, kind, size), (S["to"], 0))
        except OSError as error:
            refused += 1
            S["refusal"] = str(error)

    begin = now()
    for index in range(S["paced"]):
        wait = begin + index * S["everyUs"] * 1000 - now()
        if wait > 0:
            time.sleep(wait / 1e9)
        emit(index, PACED, S["pacedBytes"])
    time.sleep(S["restMs"] / 1e3)
    train = now()
    for index in range(S["train"]):
        emit(index, TRAIN, S["trainBytes"])
    train_us = (now() - train) // 1000
    for index in range(40):
        time.sleep(0.005)
        emit(index, END, 64)
    print(json.dumps({"refused": refused, "refusal": S.get("refusal", ""), "trainUs": train_us}))

def receive():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, NUMBER)
    force(raw, "in", 16 << 20)
    raw.bind((S["to"], 0))
    origin = socket.inet_aton(S["from"])
    print("ready", flush=True)
    begin = now()
    until = begin + S["deadlineMs"] * 1000000
    paced, train = [], []
    ended = False
    while True:
        left = (until - now()) / 1e9
        if left <= 0:
            break
        raw.settimeout(left)
        try:
            data = raw.recv(65535)
        except socket.timeout:
            break
        at = now()
        if data[12:16] != origin:
            continue
        start = 20 + HEADER
        if data[start:start + 8] != TOKEN:
            continue
        index, kind, sent = struct.unpack_from("!IBQ", data, start + 8)
        if kind == PACED:
            paced.append((index, (at - sent) // 1000))
        elif kind == TRAIN:
            train.append((index, (at - begin) // 1000))
        elif not ended:
            ended = True
            until = min(until, at + S["lingerMs"] * 1000000)
    print(json.dumps({"paced": paced, "train": train, "ended": ended}, separators=(",", ":")))

receive() if S["role"] == "receive" else send()
`;

export interface ProbeSettings {
  role: 'send' | 'receive';
  /** 16 hexadecimal digits: whose packets these are. */
  token: string;
  protocol: 'udp' | 'tcp';
  from: string;
  to: string;
  /** Source and destination, taken in turn. */
  ports: [number, number][];
  /** Packets one after the other, to count and to time. */
  paced: number;
  pacedBytes: number;
  everyUs: number;
  /** Before the train. */
  restMs: number;
  /** Packets all at once, to see how far apart they come. */
  train: number;
  trainBytes: number;
  /** After the first sign of the end, for what comes late. */
  lingerMs: number;
  /** When not even the end came. */
  deadlineMs: number;
}
