// Divides the trials into shares of about the same length, the same way every time, so that n runs with n indices see all of them.

export interface Timed {
  name: string;
  seconds: number;
}

/** The `index`-th of `count` shares (from 0). The longest are dealt out first, each to the share that is shortest so far. */
export function shareOf<T extends Timed>(trials: readonly T[], index: number, count: number): T[] {
  const order = [...trials].sort((a, b) => b.seconds - a.seconds || (a.name < b.name ? -1 : 1));
  const shares = Array.from({ length: count }, () => ({ seconds: 0, trials: [] as T[] }));
  for (const trial of order) {
    const shortest = shares.reduce((best, share) => (share.seconds < best.seconds ? share : best));
    shortest.seconds += trial.seconds;
    shortest.trials.push(trial);
  }
  const mine = shares[index]?.trials ?? [];
  return trials.filter((trial) => mine.includes(trial));
}

/** The fewest shares of which each is done within `budgetSeconds` when `parallel` trials run side by side. */
export function sharesWithin(trials: readonly Timed[], budgetSeconds: number, parallel: number): number {
  const enough = (count: number): boolean =>
    Array.from({ length: count }, (_, index) => shareOf(trials, index, count)).every(
      (share) => share.length <= 1 || lengthOf(share, parallel) <= budgetSeconds,
    );
  let count = 1;
  while (count < trials.length && !enough(count)) count += 1;
  return count;
}

/** Wall time of trials done `parallel` at a time, in their order. */
export function lengthOf(trials: readonly Timed[], parallel: number): number {
  const lanes = Array.from({ length: parallel }, () => 0);
  for (const { seconds } of trials) {
    const free = lanes.indexOf(Math.min(...lanes));
    lanes[free] = (lanes[free] ?? 0) + seconds;
  }
  return Math.max(...lanes);
}

/** One share a day, round and round. */
export function dueToday(count: number, nowMs: number): number {
  return Math.floor(nowMs / 86_400_000) % count;
}
