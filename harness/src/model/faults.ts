// The contract of one way to break something on purpose. A fault is a claim: it is asked for, proven by other means than those
// that made it, held, reverted, and proven to be reverted.

import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { ContainerControl } from './containers.ts';
import type { ServiceStatus } from './ports.ts';

/** What was seen of a fault's effect, or of the effect's end, at one look. */
export interface Proof {
  holds: boolean;
  /** What was looked at: `connecting to worker → speech:8080`. */
  by: string;
  /** What was seen there: `refused`, `connected after 2 ms`. */
  seen: string;
  /** Set when looking again cannot change it: the rest of the time need not be waited for. */
  hopeless?: string | undefined;
  /** Structured facts for the reports: JSON-serialisable. */
  detail?: unknown;
}

/** A TCP link whose bytes pass a proxy that speaks the Toxiproxy HTTP API. */
/** What the connections that are open have carried so far: `upstream` is from the client to the server. */
export interface OpenBytes extends Record<'upstream' | 'downstream', { receivedBytes: number; sentBytes: number }> {
  /** On a clock of its own. */
  atMs: number;
  connections: number;
}

export interface Link {
  /** `worker → speech:8080`; `output → relay:1935` for a link of Testcard's own. */
  name: string;
  /** A service, the name of a publisher or recording, or `testcard` for everything that Testcard connects itself. */
  client: string;
  server: string;
  /** Container port of the server. */
  port: number;
  /** Base URL of the proxy's API, and the name of the link's proxy there. `listen` and `upstream`: as the proxy itself has them, when that differs. */
  proxy: { api: string; name: string; listen?: string; upstream?: string };
  /** The client's end and the server, as this process reaches them. */
  listen: { host: string; port: number };
  upstream: { host: string; port: number };
  /** Where the client's end is looked at, when not at `listen`. */
  probe?: { host: string; port: number };
  /** Something that accepts connections before it knows who listens stands before it: a refused connection is seen as one that is closed at once. */
  isForwarded?: boolean;
  /** Connections that clients have open, where this process cannot count them itself. */
  countConnections?(signal: AbortSignal): Promise<number>;
  /**
   * Looks for so long at what open connections carry, where the proxy itself counts a connection's bytes only when it ends. All looks are of
   * the same connections. Undefined where they cannot be told from those of another link.
   */
  watchOpenBytes?(forMs: number, signal: AbortSignal): Promise<OpenBytes[]>;
}

export interface LinksPort {
  /** Links between the two, in either order; all ports unless one is named. Empty when the plan did not foresee any. */
  between(a: string, b: string, port?: number): Link[];
}

/** A process of a service, as the machine itself lists it. */
export interface ServiceProcess {
  pid: number;
  /** Stopped where it is, by a signal or frozen. */
  isStopped: boolean;
}

/** Acts on services as a person at the machine would. All throw STEP_INCONCLUSIVE when it could not be done. */
export interface ServiceControl {
  status(service: string): ServiceStatus;
  /** Signal to the whole process group (or container); restart policies apply. */
  kill(service: string, signal: NodeJS.Signals): void;
  /** Ends it as its Compose entry says; it stays down until `start`. */
  stop(service: string, signal: AbortSignal): Promise<void>;
  /** Starts or resumes it; resolves when it is ready. */
  start(service: string, signal: AbortSignal): Promise<void>;
  pause(service: string): void;
  resume(service: string): void;
  /**
   * Living processes of one life of the service, which is named by the `pid` of its status then: as the machine itself lists them, whatever
   * the runtime believes. None when that life is over.
   */
  processes(service: string, life: number, signal: AbortSignal): Promise<ServiceProcess[]>;
}

/** A packet of a live stream as a reader got it. */
export interface SeenPacket {
  kind: 'video' | 'audio';
  /** NaN when the reader has no time for it. */
  ptsMs: number;
  sizeBytes: number;
  isKey: boolean;
  /** Checksum of its bytes. */
  sum: string;
}

/** What a reader saw of a live stream in a moment. Nothing at all when it could not be read; then `problem` says why. */
export interface StreamLook {
  /** Tracks that the stream says it has, whether packets of them came or not. */
  tracks: ('video' | 'audio')[];
  /** In the order in which they came. */
  packets: SeenPacket[];
  /** Packets missing by their numbers (RTSP); those that the transport itself is not to blame for. */
  missing: number;
  /** A checksum of each decoded picture, when they were asked for. */
  pictures?: string[];
  problem?: string;
}

/** Short looks at live streams from a reader's side. Addresses as this process can reach them. None throws for a stream that cannot be read. */
export interface StreamLooks {
  /** Reads for `forMs` from the first packet on, which may take `withinMs` to come. */
  look(
    url: string,
    options: { forMs: number; withinMs: number; pictures?: boolean },
    signal: AbortSignal,
  ): Promise<StreamLook>;
  /** How late the sound is against the picture (median, ms), as the test card in the stream shows within `forMs`. */
  soundOffset(
    url: string,
    options: { forMs: number; withinMs: number },
    signal: AbortSignal,
  ): Promise<{ pairs: number; medianMs: number } | { unmeasured: string }>;
}

export interface FaultPorts {
  clock: Clock;
  services: ServiceControl;
  links: LinksPort;
  /** Maps an address as services see it to one that this process can reach. */
  resolve(url: string): string;
  /** Address of a service's media-fault API as this process can reach it (`x-testcard.media-faults` of its Compose entry), or undefined. */
  mediaFaults(service: string): string | undefined;
  /** Folder that a service writes to, when it names one. */
  dataFolder(service: string): string | undefined;
  streams: StreamLooks;
  /** Only where services are containers. */
  containers?: ContainerControl | undefined;
}

/**
 * One way to break something: one file under faults/. `I` is what the suite says, `R` a record in plain data of what is broken and how it
 * was before: enough to inject, prove and revert, and written to disk before anything is touched, so that another process can undo it.
 */
export interface FaultKind<I = unknown, R = unknown> {
  /** `network.cut`, `service.pause`. */
  key: string;
  /** Set when it needs a kernel's or an engine's help: asking for it elsewhere is an authoring error. */
  needs?: 'containers';
  /** One sentence on what it does, for `testcard fault --help`. */
  summary?: string;
  schema: z.ZodType<I>;
  /** One line for the timeline: `cut worker → speech:8080`. */
  describe(input: I): string;
  /** Looks at the target as it is. Throws FAULT_UNPROVEN when there is nothing to break (a link that nobody uses, a service that is not up). */
  prepare(input: I, ports: FaultPorts, signal: AbortSignal): Promise<R>;
  inject(record: R, ports: FaultPorts, signal: AbortSignal): Promise<void>;
  /** One look, by other means than `inject` used; called again and again until it holds or its time is over. */
  prove(record: R, ports: FaultPorts, signal: AbortSignal): Promise<Proof>;
  /** Longest time that proving may take, ms. Default 2 s. */
  provableWithinMs?(record: R): number;
  /** True when what it does is not gone with the processes of its environment: it must be undone even then. */
  outlivesEnvironment?: boolean;
  /** Undefined for what is over in a moment (a kill, a reset): there is nothing to hold. */
  revert?(record: R, ports: FaultPorts, signal: AbortSignal): Promise<void>;
  proveReverted?(record: R, ports: FaultPorts, signal: AbortSignal): Promise<Proof>;
  /** Longest time until the revert must show, ms. Default 5 s. */
  revertedWithinMs?(record: R): number;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds kinds of any input; each kind's own schema guards it
export type AnyFaultKind = FaultKind<any, any>;

/** A fault that was injected and proven, from the side of the step that asked for it. */
export interface ActiveFault {
  id: string;
  /** `service.pause`. */
  key: string;
  input: unknown;
  title: string;
  /** Unix ms; it is held from here. */
  injectedAtMs: number;
  /** Set while it is being reverted. */
  reverting?: Promise<void> | undefined;
  /** Reverts it and proves that; once. Throws FAULT_NOT_REVERTED. */
  revert(signal: AbortSignal): Promise<void>;
}

export interface FaultsPort {
  /** Injects and proves. Throws FAULT_UNPROVEN when the effect could not be shown; the fault is reverted then. */
  inject(key: string, input: unknown, signal: AbortSignal): Promise<ActiveFault>;
  /** The last fault of the case that is over, shown to be so: Unix ms of the moment in which it was undone, and its title. */
  lastReverted(): { atMs: number; title: string } | undefined;
  active(): ActiveFault[];
  /** Those in force now, and those that were at some time since, momentary ones included. */
  since(fromMs: number): ActiveFault[];
}
