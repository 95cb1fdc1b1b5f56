// Loaded into a service before it: timers that take another time than they were asked for, and nothing else.
//
// MUTANT_TIMERS: `from-to=ms[#n]`, comma-separated: a timer of more than `from` and at most `to` ms takes `ms` instead; with #n only from the n-th on.

interface Rule {
  overMs: number;
  upToMs: number;
  insteadMs: number;
  from: number;
  seen: number;
}

const rules = (process.env.MUTANT_TIMERS ?? '').split(',').flatMap((text): Rule[] => {
  const [, over, upTo, instead, from] = /^([\d.]+)-([\d.]+)=(\d+)(?:#(\d+))?$/.exec(text) ?? [];
  if (!over || !upTo || !instead) return [];
  return [{ overMs: Number(over), upToMs: Number(upTo), insteadMs: Number(instead), from: Number(from ?? 1), seen: 0 }];
});

const setTimer = globalThis.setTimeout;

function setTimeoutOtherwise<A extends unknown[]>(
  callback: (...args: A) => void,
  delayMs = 0,
  ...args: A
): NodeJS.Timeout {
  const rule = rules.find(({ overMs, upToMs }) => delayMs > overMs && delayMs <= upToMs);
  if (!rule) return setTimer(callback, delayMs, ...args);
  rule.seen += 1;
  return setTimer(callback, rule.seen >= rule.from ? rule.insteadMs : delayMs, ...args);
}

globalThis.setTimeout = Object.assign(setTimeoutOtherwise, {
  __promisify__: setTimer.__promisify__,
}) as typeof globalThis.setTimeout;
