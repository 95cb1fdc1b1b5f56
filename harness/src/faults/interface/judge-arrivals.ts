// Whether packets arrived as an impairment says they should, and whether they arrive as if there were none. Pure: the same figures for
// whatever made the effect.

import type { Impairment } from '../../model/impairment.ts';
import { burstBytes, HOLD_MS } from './plan-impairment.ts';
import type { Arrivals } from './probe-path.ts';

export interface Judged {
  holds: boolean;
  /** `lost 24 of 400`. */
  seen: string;
  figures: Figures;
}

export interface Figures {
  sent: number;
  lost: number;
  duplicated: number;
  /** Packets that a later one overtook. */
  overtaken: number;
  /** Packets that arrived out of turn, as the impairment means it. */
  outOfTurn: number;
  /** Of those in turn, ms. */
  medianMs: number;
  /** 5th to 95th percentile, ms. */
  spreadMs: number;
  bitsPerSecond?: number;
}

/** Standard deviations of a count of chance: 1 of 2,000 looks is wrongly doubted, and the next one then settles it. */
const DEVIATIONS = 3.5;
/** What a busy machine adds to every packet. */
const SPARE_MS = 15;
const EARLY_MS = 2;
/** Of an evenly spread jitter ± j, the 5th to 95th percentile is 1.8 j. */
const LEAST_SPREAD = 1.2;
const MOST_SPREAD = 2.4;
/** Headers of the wire are counted differently by different means. */
const RATE_TOLERANCE = 1.12;
const ETHERNET_BYTES = 14;
const FREE_MEDIAN_MS = 5;

export function judgeArrivals(arrivals: Arrivals, wanted: Omit<Impairment, 'service'>): Judged {
  const figures = figuresOf(arrivals, wanted);
  const { loss, latencyMs, jitterMs = 0, duplicate, reorder, bitsPerSecond } = wanted;
  const { sent, lost, duplicated, outOfTurn, overtaken, medianMs, spreadMs } = figures;
  const arrived = sent - lost;
  const isCrowded = bitsPerSecond !== undefined;
  const parts: { holds: boolean; seen: string }[] = [];
  if (loss !== undefined) parts.push({ holds: fits(lost, sent, loss, isCrowded), seen: `lost ${lost} of ${sent}` });
  else if (lost > 0 && !isCrowded) parts.push({ holds: lost <= sent / 100, seen: `lost ${lost} of ${sent}` });
  // What is all lost is neither late nor twice there.
  if (latencyMs !== undefined && loss !== 1) {
    const least = latencyMs - Math.max(EARLY_MS, 0.05 * latencyMs) - 0.35 * jitterMs;
    const most = latencyMs * 1.1 + SPARE_MS + 0.35 * jitterMs;
    const holds = medianMs >= least && (isCrowded || medianMs <= most);
    parts.push({ holds, seen: `${ms(medianMs)} late` });
  }
  if (jitterMs > 0 && loss !== 1) {
    const holds = spreadMs >= LEAST_SPREAD * jitterMs && (isCrowded || spreadMs <= MOST_SPREAD * jitterMs + SPARE_MS);
    parts.push({ holds, seen: `spread over ${ms(spreadMs)}` });
  }
  if (duplicate !== undefined && loss !== 1) {
    parts.push({ holds: fits(duplicated, arrived, duplicate), seen: `${duplicated} of ${arrived} twice` });
  }
  if (reorder !== undefined && loss !== 1) {
    // Jitter as large as the latency itself moves packets as far as reordering does.
    const isBlurred = jitterMs > (latencyMs ?? 0) / 2;
    const holds = overtaken > 0 && (isBlurred || fits(outOfTurn, arrived, reorder, isCrowded));
    parts.push({ holds, seen: `${outOfTurn} of ${arrived} out of turn` });
  }
  if (bitsPerSecond !== undefined && loss !== 1) parts.push(judgeRate(arrivals, figures.bitsPerSecond, bitsPerSecond));
  return {
    holds: parts.length > 0 && parts.every(({ holds }) => holds),
    seen: parts.map(({ seen }) => seen).join(', '),
    figures,
  };
}

/** As if nothing stood in the way. `wanted`: what did. */
export function judgeFree(arrivals: Arrivals, wanted: Omit<Impairment, 'service'>): Judged {
  const figures = figuresOf(arrivals, { bitsPerSecond: wanted.bitsPerSecond });
  const { sent, lost, duplicated, overtaken, medianMs } = figures;
  const { bitsPerSecond } = wanted;
  const mayTakeMs = Math.max(FREE_MEDIAN_MS, Math.min(SPARE_MS, (wanted.latencyMs ?? 0) / 4));
  const isFast =
    bitsPerSecond === undefined ||
    (figures.bitsPerSecond !== undefined && figures.bitsPerSecond > RATE_TOLERANCE * bitsPerSecond);
  // A packet or two may get lost on any machine; of what was a share this is far from it.
  const few = Math.floor(sent / 200);
  const holds = lost <= few && duplicated === 0 && overtaken <= few && medianMs <= mayTakeMs && isFast;
  const rate = bitsPerSecond === undefined ? '' : `, at ${rateWords(figures.bitsPerSecond)}`;
  const seen = `lost ${lost} of ${sent}, ${duplicated} twice, ${overtaken} out of turn, ${ms(medianMs)} late${rate}`;
  return { holds, seen, figures };
}

/** Whether a count of chance is what a share of so many would be. `orMore`: what is there for other reasons counts as well. */
function fits(count: number, of: number, share: number, orMore = false): boolean {
  const expected = of * share;
  const slack = DEVIATIONS * Math.sqrt(of * share * (1 - share)) + (share === 1 ? 0 : 1);
  return count >= Math.max(1, expected - slack) && (orMore || count <= expected + slack);
}

function judgeRate(
  { train }: Arrivals,
  measured: number | undefined,
  wanted: number,
): { holds: boolean; seen: string } {
  const offered = (train.sent * (train.bytes + ETHERNET_BYTES) * 8e6) / Math.max(1, train.sentWithinUs);
  const seen = `at ${rateWords(measured)} of ${rateWords(offered)} that were offered`;
  return { holds: measured !== undefined && measured <= wanted * RATE_TOLERANCE && offered > 2 * wanted, seen };
}

function figuresOf({ sent, paced, train }: Arrivals, wanted: Omit<Impairment, 'service'>): Figures {
  const { latencyMs, bitsPerSecond } = wanted;
  const first = new Map<number, number>();
  const twice = new Set<number>();
  let newest = -1;
  let overtaken = 0;
  for (const [number, tookUs] of paced) {
    if (first.has(number)) {
      twice.add(number);
      continue;
    }
    first.set(number, tookUs / 1_000);
    if (number < newest) overtaken += 1;
    newest = Math.max(newest, number);
  }
  const took = [...first.values()];
  // With a delay those that skip it are out of turn; without one those that were held back.
  const isOutOfTurn = (each: number) => (latencyMs === undefined ? each > HOLD_MS / 2 : each < latencyMs / 2);
  const isReordered = wanted.reorder !== undefined;
  const inTurn = (isReordered ? took.filter((each) => !isOutOfTurn(each)) : took).sort((a, b) => a - b);
  const at = (part: number) => inTurn[Math.min(inTurn.length - 1, Math.floor(part * inTurn.length))] ?? Number.NaN;
  const rate = rateOf(train, bitsPerSecond);
  return {
    ...{ sent, lost: sent - first.size, duplicated: twice.size, overtaken },
    outOfTurn: took.filter(isOutOfTurn).length,
    medianMs: at(0.5),
    spreadMs: at(0.95) - at(0.05),
    ...(rate === undefined ? {} : { bitsPerSecond: rate }),
  };
}

/** Of what came after the burst that any bucket lets through. */
function rateOf({ arrived, bytes }: Arrivals['train'], limit: number | undefined): number | undefined {
  const wireBytes = bytes + ETHERNET_BYTES;
  const skipped = limit === undefined ? 0 : Math.ceil(burstBytes(limit) / wireBytes);
  const times = arrived.map(([, atUs]) => atUs).sort((a, b) => a - b);
  const from = times[Math.min(skipped, times.length - 1)];
  const to = times.at(-1);
  const counted = times.length - 1 - skipped;
  if (from === undefined || to === undefined || counted < 4) return undefined;
  return (counted * wireBytes * 8e6) / Math.max(1, to - from);
}

const ms = (value: number): string => (Number.isNaN(value) ? 'never' : `${value.toFixed(value < 10 ? 1 : 0)} ms`);

const rateWords = (bits: number | undefined): string =>
  bits === undefined ? 'no rate' : `${Number((bits / 1e6).toPrecision(3))} Mbit/s`;
