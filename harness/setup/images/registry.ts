// The registry that the engine pulls from, asked once when it cannot be reached.

import { pullImage } from './docker.ts';

export interface Registry {
  /** Undefined when the image is there now, otherwise why not. */
  pull(name: string): Promise<string | undefined>;
}

/** What engines say when nobody is there; all else (no such image, access denied) is an answer. */
const UNREACHABLE =
  /no such host|lookup |i\/o timeout|connection refused|no route|network is unreachable|Client\.Timeout|deadline exceeded|x509|TLS/i;

export function registryOf(say: (line: string) => void): Registry {
  const silent = new Map<string, string>();
  return {
    async pull(name) {
      const host = registryHost(name);
      const known = silent.get(host);
      if (known !== undefined) return known;
      say(`${name}: pulling …`);
      const problem = await pullImage(name);
      if (problem !== undefined && UNREACHABLE.test(problem)) silent.set(host, problem);
      return problem;
    },
  };
}

/** `ghcr.io/x/y:1` → `ghcr.io`; names without a host are Docker Hub's. */
export function registryHost(name: string): string {
  const [first = '', ...rest] = name.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}
