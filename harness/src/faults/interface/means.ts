// What a kernel offers to break packets with, found out by trying it in the network namespace in which it would be used.

import type { ContainerControl, Executed } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';

const TRIED = ['netem', 'htb', 'tbf', 'ingress', 'statistic', 'nfqueue'] as const;
export type Mean = (typeof TRIED)[number];

/** Of each: an empty text when it can be used, else why not, in the words of the tool that was asked. */
export type Means = Record<Mean, string> & {
  /** The program of that name which works here. */
  iptables: string;
  /** What of Testcard's own stands in the namespace already. */
  left: string[];
};

/** Of everything that Testcard makes in a namespace. */
export const MARK = 0x7e57;
export const HANDLE = MARK.toString(16);
export const CHAINS = { in: 'TESTCARD-IN', out: 'TESTCARD-OUT' } as const;
export const MIRROR = 'testcard';
/** Nobody listens there: what goes in is gone, and its sender is told nothing (after DROP on the way out it is: EPERM). */
export const LOST_QUEUE = MARK + 3;
export const RELAY_QUEUES = { in: MARK + 1, out: MARK + 2 } as const;

/** Python 3. Every line is tried; what it makes it takes away again. */
export const meansProgram = `
import json, socket, struct, subprocess

def run(text):
    try:
        done = subprocess.run(text.split(), capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return (lines or ["exit code %d" % done.returncode])[0]

found = {}
device = "testcardtry"
mirror = run("ip link add %s type ifb" % device)
at = "lo" if mirror else device
for kind, options in (("netem", "limit 1000"), ("htb", ""), ("tbf", "rate 1mbit burst 5000 limit 50000")):
    found[kind] = run("tc qdisc add dev %s root handle ${HANDLE}: %s %s" % (at, kind, options))
    if not found[kind]:
        run("tc qdisc del dev %s root" % at)
found["ingress"] = mirror or run("tc qdisc add dev %s ingress" % at) or run(
    "tc filter add dev %s parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev lo" % at)
if not mirror:
    run("ip link del " + device)

found["iptables"], problem = "iptables", "no iptables"
for name in ("iptables", "iptables-nft", "iptables-legacy"):
    table = name + " -w 2 -t mangle "
    problem = run(table + "-N TESTCARD-TRY")
    if problem:
        continue
    found["iptables"] = name
    found["statistic"] = run(table + "-A TESTCARD-TRY -m statistic --mode random --probability 0.5 -j RETURN")
    found["nfqueue"] = run(table + "-A TESTCARD-TRY -m mark ! --mark 1 -j NFQUEUE --queue-num 1 --queue-bypass")
    run(table + "-F TESTCARD-TRY")
    run(table + "-X TESTCARD-TRY")
    break
found.setdefault("statistic", problem)
found.setdefault("nfqueue", problem)
if not found["nfqueue"]:
    try:
        link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        link.bind((0, 0))
        bind = struct.pack("=HH", 8, 1) + struct.pack("!BBH", 1, 0, 2)
        link.send(struct.pack("=IHHII", 28, 0x302, 5, 0, 0) + struct.pack("!BBH", 0, 0, ${MARK + 4}) + bind)
        code = struct.unpack_from("=i", link.recv(4096), 16)[0]
        if code:
            raise OSError(-code, "nfnetlink_queue refuses")
    except OSError as error:
        found["nfqueue"] = str(error)

left = []
links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
if "${MIRROR}" in links:
    left.append("a mirror of the interface")
qdiscs = subprocess.run(["tc", "qdisc", "show"], capture_output=True, text=True).stdout
if " ${HANDLE}: " in qdiscs:
    left.append("a queueing discipline")
rules = subprocess.run([found["iptables"], "-w", "2", "-t", "mangle", "-S"], capture_output=True, text=True).stdout
if "${CHAINS.in}" in rules or "${CHAINS.out}" in rules:
    left.append("rules of iptables")
found["left"] = left
print(json.dumps(found))
`;

/** Tries all in the network namespace of the service; about 200 ms. Throws STEP_INCONCLUSIVE when the tools cannot be run there. */
export async function findMeans(containers: ContainerControl, service: string, signal: AbortSignal): Promise<Means> {
  return readMeans(await containers.netExec(service, ['python3', '-c', meansProgram], signal));
}

/** What the program said. Throws STEP_INCONCLUSIVE when it did not come to an end. */
export function readMeans({ code, stdout, stderr }: Executed): Means {
  try {
    const found = JSON.parse(stdout) as Means;
    if (TRIED.every((each) => typeof found[each] === 'string') && Array.isArray(found.left)) return found;
  } catch {} // told below
  throw new TestcardError(
    'STEP_INCONCLUSIVE',
    `what the kernel can do to packets could not be found out: ${stderr.trim().split('\n').at(-1) || `exit code ${code}`}`,
    { hint: 'the tools image needs iproute2, iptables and python3' },
  );
}
