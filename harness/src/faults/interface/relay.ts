// Starts and ends the relay in the network namespace of a service. It is ended through a socket of that namespace, so that another process
// can do it than the one that started it.

import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import { type RelaySettings, relayProgram } from './relay-program.ts';

/** Handles of those that this process started: their containers or commands are ended with them. */
const started = new Map<string, { stop(): Promise<void> }>();

export async function startRelay(
  containers: ContainerControl,
  service: string,
  settings: RelaySettings,
  signal: AbortSignal,
): Promise<void> {
  const relay = await containers.netStart(service, ['python3', '-c', relayProgram, JSON.stringify(settings)], signal);
  if (relay.said.trim() !== 'ready') {
    await relay.stop();
    throw new TestcardError('FAULT_UNPROVEN', `the relay of packets did not start at ${service}: ${relay.said.trim()}`);
  }
  started.set(settings.control, relay);
}

const stopProgram = String.raw`
import socket, sys
link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
link.bind("")
link.settimeout(2)
try:
    link.sendto(b"stop", "\0" + sys.argv[1])
    print(link.recv(4096).decode())
except OSError as error:
    print(error)
`;

/** What waits in it is let go at once. Harmless when it is gone. */
export async function stopRelay(
  containers: ContainerControl,
  service: string,
  control: string,
  signal: AbortSignal,
): Promise<void> {
  await containers.netExec(service, ['python3', '-c', stopProgram, control], signal);
  await started.get(control)?.stop();
  started.delete(control);
}
