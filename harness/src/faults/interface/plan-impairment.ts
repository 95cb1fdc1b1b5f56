// How an impairment is made with what the kernel has: netem where it is, else iptables for loss, tbf for a rate, and the relay for the rest.

import { TestcardError } from '../../model/errors.ts';
import { EFFECTS, type Effect, type Impairment } from '../../model/impairment.ts';
import { CHAINS, HANDLE, LOST_QUEUE, MARK, type Means, MIRROR, RELAY_QUEUES } from './means.ts';
import type { RelaySettings } from './relay-program.ts';
import { iptablesMatch, matchesOf, u32Match, WAYS, type Way, waysOf } from './traffic-filter.ts';

/** Plain data: enough to make it, and to take it away from another process. */
export interface ImpairmentPlan {
  /** Commands of the namespace, one after the other. */
  setup: string[];
  /** Each on its own: what is not there need not be taken away. */
  teardown: string[];
  relay?: Omit<RelaySettings, 'control'>;
  /** What each effect is made with: `loss: iptables statistic`. */
  mechanisms: string[];
}

/** A limited rate queues as long as this, but never less than some whole packets. */
export const BACKLOG_MS = 400;
const LEAST_BACKLOG_BYTES = 10 * 1514;
/** How long a packet out of turn is held back when the others are not delayed. */
export const HOLD_MS = 20;
/** Above what anything on the machine sends: the class only carries what is inside of it. */
const UNLIMITED = '10gbit';
/** What a bucket lets through at once: more would hide low rates, less would throttle high ones to the timer's pace. */
const BURST_MS = 4;
const LEAST_BURST_BYTES = 1600;
/** The longest lease of a fault, with a margin: at last it ends by itself. */
const RELAY_LIFETIME_S = 4 * 3600;

type Maker = 'netem' | 'tbf' | 'statistic' | 'relay';
const MAKERS: Record<Maker, string> = {
  netem: 'netem',
  tbf: 'tbf',
  statistic: 'iptables statistic',
  relay: 'NFQUEUE relay',
};

export const burstBytes = (bitsPerSecond: number): number =>
  Math.max(LEAST_BURST_BYTES, Math.round((bitsPerSecond / 8_000) * BURST_MS));

const backlogMs = (bitsPerSecond: number): number =>
  Math.max(BACKLOG_MS, Math.ceil((LEAST_BACKLOG_BYTES * 8_000) / bitsPerSecond));

/** What would make the effect; why nothing can, when nothing can. */
export function makerOf(effect: Effect, way: Way, means: Means): { maker: Maker } | { missing: string } {
  const reaches = means.htb || (way === 'in' ? means.ingress : '');
  const options: [Maker, string][] = [
    ['netem', means.netem || reaches],
    effect === 'loss'
      ? ['statistic', means.statistic || means.nfqueue]
      : ['tbf', effect === 'bandwidth' ? means.tbf || reaches : 'it limits rates only'],
    ['relay', means.nfqueue],
  ];
  const maker = options.find(([, problem]) => problem === '')?.[0];
  // A rate is tbf's even beside netem: it parts large packets as a wire would, which netem does not.
  if (effect === 'bandwidth' && maker === 'netem' && means.tbf === '') return { maker: 'tbf' };
  if (maker) return { maker };
  return { missing: options.map(([each, problem]) => `${MAKERS[each]}: ${problem}`).join('; ') };
}

/** One line for each effect: what this kernel makes it with, in each direction when that differs. */
export function describeMeans(means: Means): { effect: Effect; by: string; isThere: boolean }[] {
  return EFFECTS.map((effect) => {
    const [into, out] = WAYS.map((way) => makerOf(effect, way, means));
    const words = (found: typeof into) =>
      found === undefined || 'missing' in found ? `nothing (${found?.missing})` : MAKERS[found.maker];
    const isSame = words(into) === words(out);
    return {
      effect,
      by: isSame ? words(into) : `${words(into)} (in), ${words(out)} (out)`,
      isThere: [into, out].every((found) => found !== undefined && 'maker' in found),
    };
  });
}

/** Which of its effects are asked for. */
export const effectsOf = (input: Impairment): Effect[] =>
  EFFECTS.filter((effect) => input[FIELDS[effect]] !== undefined);

const FIELDS = {
  loss: 'loss',
  latency: 'latencyMs',
  jitter: 'jitterMs',
  duplicate: 'duplicate',
  reorder: 'reorder',
  bandwidth: 'bitsPerSecond',
} as const satisfies Record<Effect, keyof Impairment>;

export interface ImpairedInterfaces {
  /** Interfaces in the container. */
  devices: readonly string[];
  /** Addresses of the one peer that is meant; empty: all. */
  remotes: readonly string[];
}

/** Throws FAULT_UNPROVEN when the kernel has nothing to make it with. */
export function planImpairment(input: Impairment, at: ImpairedInterfaces, means: Means): ImpairmentPlan {
  const plan: ImpairmentPlan = { setup: [], teardown: [], mechanisms: [] };
  const relayed: Effect[] = [];
  const queues: RelaySettings['queues'] = {};
  for (const way of waysOf(input)) {
    const made = new Map(effectsOf(input).map((effect) => [effect, choose(effect, way, means)]));
    const by = (maker: Maker) => [...made].flatMap(([effect, each]) => (each === maker ? [effect] : []));
    for (const [effect, maker] of made) plan.mechanisms.push(`${effect} ${way}: ${MAKERS[maker]}`);
    if (by('netem').length + by('tbf').length > 0) shape(plan, input, way, at, { netem: by('netem'), tbf: by('tbf') });
    if (by('statistic').length + by('relay').length > 0) {
      addRules(plan, input, way, at, means, { loses: by('statistic').length > 0, relays: by('relay').length > 0 });
    }
    if (by('relay').length > 0) queues[way] = RELAY_QUEUES[way];
    relayed.push(...by('relay'));
  }
  plan.mechanisms = merged(plan.mechanisms);
  if (relayed.length > 0) plan.relay = relaySettings(input, relayed, queues);
  return plan;
}

function choose(effect: Effect, way: Way, means: Means): Maker {
  const found = makerOf(effect, way, means);
  if ('maker' in found) return found.maker;
  throw new TestcardError(
    'FAULT_UNPROVEN',
    `this engine’s kernel has nothing to make ${effect} with (${found.missing})`,
    {
      hint: '`testcard doctor` says what it has; load the module sch_netem on the engine’s machine if there is one',
    },
  );
}

/** A class of its own for the packets that are meant; all others pass beside it. */
function shape(
  plan: ImpairmentPlan,
  input: Impairment,
  way: Way,
  { devices, remotes }: ImpairedInterfaces,
  effects: { netem: Effect[]; tbf: Effect[] },
): void {
  for (const [index, device] of devices.entries()) {
    const mirror = `${MIRROR}${index}`;
    const at = way === 'in' ? mirror : device;
    if (way === 'in') {
      plan.setup.push(
        `ip link add ${mirror} type ifb`,
        `ip link set ${mirror} up`,
        `tc qdisc add dev ${device} ingress`,
        `tc filter add dev ${device} parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev ${mirror}`,
      );
      plan.teardown.push(`tc qdisc del dev ${device} ingress`, `ip link del ${mirror}`);
    } else plan.teardown.push(`tc qdisc del dev ${device} root`);
    plan.setup.push(
      `tc qdisc add dev ${at} root handle ${HANDLE}: htb`,
      `tc class add dev ${at} parent ${HANDLE}: classid ${HANDLE}:1 htb rate ${UNLIMITED} quantum 60000`,
    );
    let parent = `${HANDLE}:1`;
    if (effects.netem.length > 0) {
      plan.setup.push(`tc qdisc add dev ${at} parent ${parent} handle 7e58: netem ${netemWords(input, effects.netem)}`);
      parent = '7e58:1';
    }
    const { bitsPerSecond } = input;
    if (effects.tbf.length > 0 && bitsPerSecond !== undefined) {
      const burst = burstBytes(bitsPerSecond);
      const limit = Math.round((bitsPerSecond / 8_000) * backlogMs(bitsPerSecond)) + burst;
      plan.setup.push(
        `tc qdisc add dev ${at} parent ${parent} handle 7e59: tbf rate ${bitsPerSecond}bit burst ${burst} limit ${limit}`,
      );
    }
    for (const match of matchesOf(input, remotes)) {
      plan.setup.push(
        `tc filter add dev ${at} parent ${HANDLE}: protocol ip u32 ${u32Match(match, way)} flowid ${HANDLE}:1`,
      );
    }
  }
}

const percent = (part: number): string => `${Number((part * 100).toFixed(4))}%`;

/** tc-netem(8). Its `reorder` is the share of packets that are not delayed. */
function netemWords(input: Impairment, effects: readonly Effect[]): string {
  const { loss = 0, latencyMs, jitterMs, duplicate = 0, reorder, bitsPerSecond } = input;
  const delay =
    latencyMs !== undefined
      ? `delay ${latencyMs}ms${jitterMs === undefined ? '' : ` ${jitterMs}ms`}${reorder === undefined ? '' : ` reorder ${percent(reorder)}`}`
      : reorder !== undefined
        ? `delay ${HOLD_MS}ms reorder ${percent(1 - reorder)}`
        : '';
  return [
    'limit 100000',
    delay,
    effects.includes('loss') && `loss ${percent(loss)}`,
    effects.includes('duplicate') && `duplicate ${percent(duplicate)}`,
    effects.includes('bandwidth') && `rate ${bitsPerSecond}bit`,
  ]
    .filter(Boolean)
    .join(' ');
}

function addRules(
  plan: ImpairmentPlan,
  input: Impairment,
  way: Way,
  { devices, remotes }: ImpairedInterfaces,
  { iptables }: Means,
  { loses, relays }: { loses: boolean; relays: boolean },
): void {
  const table = `${iptables} -w 5 -t mangle`;
  const chain = CHAINS[way];
  const from = way === 'in' ? 'INPUT' : 'POSTROUTING';
  plan.setup.push(`${table} -N ${chain}`, `${table} -A ${chain} -m mark --mark ${MARK} -j RETURN`);
  for (const match of matchesOf(input, remotes)) {
    const words = iptablesMatch(match, way);
    if (loses) {
      // As many queues as nobody listens to: iptables' own DROP would tell the sender of a UDP packet that it was not permitted.
      const part = (input.loss ?? 0).toFixed(6);
      const chance = part === '1.000000' ? '' : `-m statistic --mode random --probability ${part}`;
      plan.setup.push(`${table} -A ${chain} ${words} ${chance} -j NFQUEUE --queue-num ${LOST_QUEUE}`);
    }
    if (relays) {
      plan.setup.push(`${table} -A ${chain} ${words} -j NFQUEUE --queue-num ${RELAY_QUEUES[way]} --queue-bypass`);
    }
  }
  for (const device of devices) {
    const jump = `${from} ${way === 'in' ? '-i' : '-o'} ${device} -j ${chain}`;
    plan.setup.push(`${table} -A ${jump}`);
    plan.teardown.push(`${table} -D ${jump}`);
  }
  plan.teardown.push(`${table} -F ${chain}`, `${table} -X ${chain}`);
}

function relaySettings(
  input: Impairment,
  effects: readonly Effect[],
  queues: RelaySettings['queues'],
): Omit<RelaySettings, 'control'> {
  const value = (effect: Effect, field: number | undefined) => (effects.includes(effect) ? (field ?? 0) : 0);
  const bitsPerSecond = value('bandwidth', input.bitsPerSecond);
  return {
    queues,
    ...{ mark: MARK, holdMs: HOLD_MS, lifetimeS: RELAY_LIFETIME_S },
    loss: value('loss', input.loss),
    delayMs: value('latency', input.latencyMs),
    jitterMs: value('jitter', input.jitterMs),
    duplicate: value('duplicate', input.duplicate),
    reorder: value('reorder', input.reorder),
    bitsPerSecond,
    backlogMs: bitsPerSecond > 0 ? backlogMs(bitsPerSecond) : BACKLOG_MS,
  };
}

/** `loss in: x`, `loss out: x` → `loss: x`. */
function merged(mechanisms: string[]): string[] {
  const both = mechanisms.filter(
    (each) => mechanisms.includes(each.replace(' in: ', ' out: ')) && each.includes(' in: '),
  );
  return mechanisms.flatMap((each) => {
    if (both.includes(each)) return each.replace(' in: ', ': ');
    return both.includes(each.replace(' out: ', ' in: ')) ? [] : each;
  });
}
