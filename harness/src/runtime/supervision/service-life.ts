// One life of a service, from its start to its end, whatever it runs in: a process group of this machine, or a container.

export interface ServiceExit {
  code?: number;
  signal?: NodeJS.Signals;
  /** It could not be started at all. */
  problem?: string;
  /** More about how it ended, for people: `out of memory`. */
  note?: string;
}

export interface ServiceLife {
  /** Of its first process; undefined before it runs and where it cannot be known. */
  readonly pid: number | undefined;
  /** Resolves when nothing of it runs any more and its last line was delivered. Never rejects. */
  readonly ended: Promise<ServiceExit>;
  /** Sends a signal to all of it. SIGSTOP and SIGCONT stop it where it is and let it go on. */
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, in the way that it expects. */
  terminate(): void;
}

/** Begins a life. Does not wait: what goes wrong is how it ends. */
export type Launch = (onLine: (stream: 'stdout' | 'stderr', text: string) => void) => ServiceLife;
