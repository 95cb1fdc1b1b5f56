// All proxies of the process by name, and what the API may ask of them.

import { type Address, formatAddress, readAddress, readListenAddress } from './address.ts';
import { ApiError } from './api-error.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { type ToxicBody, toxicBody } from './toxic.ts';

export interface ProxyBody {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
  toxics: ToxicBody[];
}

const MAX_PROXIES = 200;

export const proxyBody = (proxy: TcpProxy): ProxyBody => ({
  name: proxy.name,
  listen: formatAddress(proxy.listen),
  upstream: formatAddress(proxy.upstream),
  enabled: proxy.enabled,
  toxics: proxy.toxics.map(toxicBody),
});

interface Wanted {
  name: string;
  listen: Address;
  upstream: Address;
  enabled: boolean;
}

export class Proxies {
  #byName = new Map<string, TcpProxy>();

  all(): TcpProxy[] {
    return [...this.#byName.values()];
  }

  get(name: string): TcpProxy {
    const found = this.#byName.get(name);
    if (!found) throw new ApiError(404, 'proxy not found');
    return found;
  }

  async create(body: Record<string, unknown>): Promise<TcpProxy> {
    const wanted = readWanted(body, '');
    if (this.#byName.has(wanted.name)) throw new ApiError(409, 'proxy already exists');
    return await this.#open(wanted);
  }

  /** Creates what is not there and moves what is elsewhere; what is as asked stays as it is, toxics and all. */
  async populate(bodies: Record<string, unknown>[]): Promise<TcpProxy[]> {
    const all = bodies.map((body, index) => readWanted(body, ` at proxy ${index + 1}`));
    const made: TcpProxy[] = [];
    for (const wanted of all) {
      const known = this.#byName.get(wanted.name);
      const isSame =
        known !== undefined &&
        formatAddress(known.listen) === formatAddress(wanted.listen) &&
        formatAddress(known.upstream) === formatAddress(wanted.upstream);
      if (known && !isSame) await this.remove(wanted.name);
      made.push(known && isSame ? known : await this.#open(wanted));
    }
    return made;
  }

  async update(name: string, body: Record<string, unknown>): Promise<TcpProxy> {
    const proxy = this.get(name);
    const enabled = readEnabled(body.enabled) ?? proxy.enabled;
    const listen = body.listen === undefined ? proxy.listen : readListenAddress(body.listen);
    const upstream = body.upstream === undefined ? proxy.upstream : readAddress(body.upstream);
    await proxy.move(listen, upstream);
    await (enabled ? proxy.enable() : proxy.disable());
    return proxy;
  }

  async remove(name: string): Promise<void> {
    const proxy = this.get(name);
    this.#byName.delete(name);
    await proxy.disable();
  }

  /** Every proxy enabled, every toxic gone. */
  async reset(): Promise<void> {
    for (const proxy of this.all()) {
      await proxy.enable();
      proxy.removeAllToxics();
    }
  }

  async #open({ name, listen, upstream, enabled }: Wanted): Promise<TcpProxy> {
    if (this.#byName.size >= MAX_PROXIES) throw new ApiError(400, `there are at most ${MAX_PROXIES} proxies`);
    const proxy = new TcpProxy(name, listen, upstream);
    this.#byName.set(name, proxy);
    try {
      if (enabled) await proxy.enable();
    } catch (error) {
      this.#byName.delete(name);
      throw error;
    }
    return proxy;
  }
}

function readWanted(body: Record<string, unknown>, where: string): Wanted {
  const { name, upstream } = body;
  if (typeof name !== 'string' || name === '') throw new ApiError(400, `missing required field: name${where}`);
  if (upstream === undefined || upstream === '') throw new ApiError(400, `missing required field: upstream${where}`);
  return {
    name,
    listen: readListenAddress(body.listen),
    upstream: readAddress(upstream),
    enabled: readEnabled(body.enabled) ?? true,
  };
}

function readEnabled(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw new ApiError(400, 'bad request body: enabled is true or false');
  return value;
}
