// What the kernel itself enforces on a container, and what it counts: read from the control group as the container sees it.

import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';

export interface ControlGroup {
  /** 0: no limit. */
  memoryLimitBytes: number;
  memoryUsedBytes: number;
  /** 0: no limit. */
  cpus: number;
  /** Processor time used so far. */
  usedMs: number;
  /** Periods in which it was held back. */
  throttled: number;
  /** When that was so, on the engine's machine. */
  atMs: number;
}

/** Of both generations of control groups. A limit that is as good as none is told as 0. */
const program = `
import json, time
ROOT = "/proc/1/root/sys/fs/cgroup/"

def read(*names):
    for name in names:
        try:
            with open(ROOT + name) as file:
                return file.read().split()
        except OSError:
            pass
    raise SystemExit("none of %s can be read" % ", ".join(names))

def value_of(words, key):
    return int(words[words.index(key) + 1]) if key in words else 0

now = time.monotonic() * 1e3
limit = read("memory.max", "memory/memory.limit_in_bytes")[0]
used = int(read("memory.current", "memory/memory.usage_in_bytes")[0])
stat = read("cpu.stat", "cpu/cpu.stat", "cpu,cpuacct/cpu.stat")
try:
    quota, period = read("cpu.max")
except SystemExit:
    quota = read("cpu/cpu.cfs_quota_us", "cpu,cpuacct/cpu.cfs_quota_us")[0]
    period = read("cpu/cpu.cfs_period_us", "cpu,cpuacct/cpu.cfs_period_us")[0]
if "usage_usec" in stat:
    busy = value_of(stat, "usage_usec") / 1e3
else:
    busy = int(read("cpuacct/cpuacct.usage", "cpu,cpuacct/cpuacct.usage")[0]) / 1e6
print(json.dumps({
    "memoryLimitBytes": 0 if limit == "max" or int(limit) > 1 << 60 else int(limit),
    "memoryUsedBytes": used,
    "cpus": 0 if quota in ("max", "-1") else int(quota) / int(period),
    "usedMs": busy,
    "throttled": value_of(stat, "nr_throttled"),
    "atMs": now,
}))
`;

/** Throws STEP_INCONCLUSIVE when it cannot be read. */
export async function readControlGroup(
  containers: ContainerControl,
  service: string,
  signal: AbortSignal,
): Promise<ControlGroup> {
  const { code, stdout, stderr } = await containers.fileExec(service, ['python3', '-c', program], signal);
  if (code === 0) return JSON.parse(stdout) as ControlGroup;
  throw new TestcardError(
    'STEP_INCONCLUSIVE',
    `the control group of ${service} could not be read: ${stderr.trim().split('\n').at(-1) || `exit code ${code}`}`,
  );
}
