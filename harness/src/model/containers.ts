// What a container engine can do to a service, beyond what any runtime can: the port that kernel-level faults stand on.

/** What a program left: `code` is its exit code. Output is cut after 1 MiB. */
export interface Executed {
  code: number;
  stdout: string;
  stderr: string;
}

/** One of a container's networks, with all that it takes to attach it again as it was. */
export interface Attachment {
  network: string;
  aliases: string[];
  ipv4?: string | undefined;
  mac?: string | undefined;
  /** Interface in the container, such as `eth0`; undefined while it is not attached or not running. */
  device?: string | undefined;
}

export interface ContainerLimits {
  /** 0: none. */
  memoryBytes: number;
  /** Memory and swap together, as the engine has it. Default: as much as memory alone, so that nothing is swapped. */
  memorySwapBytes?: number | undefined;
  /** Processors, such as 0.25; 0: all. */
  cpus: number;
}

/** A process of a container as its engine lists it. */
export interface ContainerProcess {
  pid: number;
  /** First letter of the state as ps shows it. */
  state: string;
  /** Where in the kernel it waits, as far as the machine tells: `do_freezer_trap`. */
  waitsIn?: string | undefined;
  command: string;
}

export interface ContainerState {
  id: string;
  name: string;
  status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** Process id of its first process as the engine's machine sees it; 0 when it does not run. */
  pid: number;
  exitCode: number;
  isOutOfMemory: boolean;
  startedAt: string;
  restarts: number;
}

/** All take the name of a service and act on its container as it is now. All throw STEP_INCONCLUSIVE when the engine refused or did not answer. */
export interface ContainerControl {
  /** `docker 27.1 (linux 6.1, rootful)`: named in reports. */
  readonly engine: string;
  /** Names of the environment's services, whether they run or not. */
  services(): readonly string[];
  inspect(service: string, signal: AbortSignal): Promise<ContainerState>;
  /** Living processes of the container; none when it does not run. */
  processes(service: string, signal: AbortSignal): Promise<ContainerProcess[]>;
  /** Runs a program of the service's own image in its container. */
  exec(service: string, argv: readonly string[], signal: AbortSignal): Promise<Executed>;
  /**
   * Runs a program of the tools image (iproute2, iptables, python3) in the network namespace of the service, as root with NET_ADMIN and
   * NET_RAW there and nowhere else: nothing is asked of the service's own image.
   */
  netExec(service: string, argv: readonly string[], signal: AbortSignal, stdin?: string): Promise<Executed>;
  /** As `netExec`, for what goes on until it is stopped. Resolves when it has printed its first line of output, which is `said`. */
  netStart(
    service: string,
    argv: readonly string[],
    signal: AbortSignal,
  ): Promise<{ said: string; output(): string; stop(): Promise<void> }>;
  /**
   * Runs a program of the tools image that sees the service's files, mounts included, under `/proc/1/root`: in the process namespace of the
   * service, as its user and with no other capabilities than a container has by default.
   */
  fileExec(service: string, argv: readonly string[], signal: AbortSignal, stdin?: string): Promise<Executed>;
  attachments(service: string, signal: AbortSignal): Promise<Attachment[]>;
  disconnect(service: string, network: string, signal: AbortSignal): Promise<void>;
  /** With the aliases and the address that the attachment names. */
  connect(service: string, attachment: Attachment, signal: AbortSignal): Promise<void>;
  limits(service: string, signal: AbortSignal): Promise<ContainerLimits>;
  setLimits(service: string, limits: ContainerLimits, signal: AbortSignal): Promise<void>;
}
