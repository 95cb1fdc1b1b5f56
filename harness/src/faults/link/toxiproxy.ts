// Drives the proxy of a link through the Toxiproxy API. Every call is bounded, and undoing what is undone already is no error.

import { Proxy as ApiProxy, Toxic, type ToxicDirection, type ToxicType, Toxiproxy } from 'toxiproxy-node-client';
import { TestcardError } from '../../model/errors.ts';
import type { BrokenLink } from './broken-link.ts';
import { fetchFromProxy } from './fetch-from-proxy.ts';

const CALL_WITHIN_MS = 5_000;

export interface ToxicOrder {
  name: string;
  type: ToxicType;
  stream: ToxicDirection;
  attributes: Record<string, number>;
}

export async function addToxic(
  link: BrokenLink,
  { name, type, stream, attributes }: ToxicOrder,
  signal: AbortSignal,
): Promise<void> {
  await bounded(link, signal, () => proxyOf(link).addToxic({ name, type, stream, attributes, toxicity: 1 }));
}

export async function removeToxic(
  link: BrokenLink,
  { name, type, stream, attributes }: ToxicOrder,
  signal: AbortSignal,
): Promise<void> {
  const proxy = proxyOf(link);
  const toxic = new Toxic(proxy.api, proxy.getPath(), { name, type, stream, attributes, toxicity: 1 });
  await bounded(link, signal, () => toxic.remove()).catch(async (error: unknown) => {
    if ((await toxicNames(link, signal)).includes(name)) throw error;
  });
}

export async function setEnabled(link: BrokenLink, enabled: boolean, signal: AbortSignal): Promise<void> {
  const { listen, upstream } = link.bound;
  await bounded(link, signal, () => proxyOf(link).update({ enabled, listen, upstream }));
}

/** Where a proxy is, and what to call the link. */
type ProxyAt = Pick<BrokenLink, 'name' | 'api' | 'proxy'>;

export async function isEnabled(link: ProxyAt, signal: AbortSignal): Promise<boolean> {
  const proxy = await bounded(link, signal, () => new Toxiproxy(link.api).get(encodeURIComponent(link.proxy)));
  return proxy.enabled;
}

export async function toxicNames(link: BrokenLink, signal: AbortSignal): Promise<string[]> {
  // The client has no call for all toxics of one proxy.
  const text = await fetchFromProxy(`${link.api}/proxies/${encodeURIComponent(link.proxy)}/toxics`, signal);
  return (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
}

function proxyOf(link: BrokenLink): ApiProxy {
  const { api, proxy, bound } = link;
  // The client writes the name into paths as it is.
  const name = encodeURIComponent(proxy);
  return new ApiProxy(new Toxiproxy(api), {
    ...{ name, ...bound, enabled: true, toxics: [] },
  });
}

/** The client knows no signals and no time-outs: a call that takes too long is left behind. */
async function bounded<T>(link: ProxyAt, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const over = AbortSignal.any([signal, AbortSignal.timeout(CALL_WITHIN_MS)]);
  const left = new AbortController();
  const abandoned = new Promise<never>((_, reject) => {
    over.addEventListener('abort', () => reject(new Error(`no answer within ${CALL_WITHIN_MS} ms`)), {
      once: true,
      signal: left.signal,
    });
  });
  try {
    return await Promise.race([call(), abandoned]);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TestcardError(
      'STEP_INCONCLUSIVE',
      `the proxy of ${link.name} at ${link.api} did not do as told: ${reason}`,
      { cause },
    );
  } finally {
    left.abort();
  }
}
