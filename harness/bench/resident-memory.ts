// Samples how much memory this process and everything it started hold together, from /proc.

import { readdirSync, readFileSync } from 'node:fs';

export interface MemoryWatch {
  /** Ends the sampling. Peaks are in MB (10⁶ bytes): of all processes together, and of this one. */
  stop(): { totalMb: number; selfMb: number };
}

const PAGE_BYTES = 4096;

export function watchMemory(everyMs = 20): MemoryWatch {
  let totalMb = 0;
  let selfMb = 0;
  const sample = () => {
    const own = residentMb(process.pid);
    selfMb = Math.max(selfMb, own);
    totalMb = Math.max(totalMb, own + descendants(process.pid).reduce((sum, pid) => sum + residentMb(pid), 0));
  };
  sample();
  const timer = setInterval(sample, everyMs);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return { totalMb, selfMb };
    },
  };
}

function residentMb(pid: number): number {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES) / 1e6;
  } catch {
    return 0; // gone
  }
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]));
    } catch {
      // gone
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === root || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}
