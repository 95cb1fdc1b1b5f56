// Free local ports that nobody else takes between now and the moment a service listens, nor while a service is down for a while.

import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_HOST } from '../../environment/address-map.ts';
import { TestcardError } from '../../model/errors.ts';
import { currentOwner, isOwnerDead } from '../ownership/owner.ts';

// Below the ports that Linux (32768–60999), macOS and Windows (49152–65535) give out for outgoing connections.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;

export interface PortClaims {
  ports: number[];
  /** Closes the listeners that kept the ports until now: right before the services start. */
  letGo(): Promise<void>;
  /** Gives the ports back to other runs. */
  release(): void;
}

/**
 * A claim is a file that only one run on this machine (of this user) can create; the port is listened on besides, so that programs that
 * know nothing of claims find it taken.
 */
export async function claimPorts(count: number): Promise<PortClaims> {
  const folder = claimsFolder();
  const held: { port: number; server: Server }[] = [];
  const release = () => {
    for (const { port } of held) rmSync(join(folder, String(port)), { force: true });
    removeIfEmpty(folder);
  };
  const letGo = async () => {
    await Promise.all(held.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))));
  };
  const range = LAST_PORT - FIRST_PORT + 1;
  let candidate = FIRST_PORT + Math.floor(Math.random() * range);
  for (let tries = 0; held.length < count && tries < range; tries += 1) {
    const port = candidate;
    candidate = candidate === LAST_PORT ? FIRST_PORT : candidate + 1;
    if (!claim(folder, port)) continue;
    const server = await listen(port);
    if (server) held.push({ port, server });
    else rmSync(join(folder, String(port)), { force: true });
  }
  if (held.length < count) {
    await letGo();
    release();
    throw new TestcardError('PORT_TAKEN', `no ${count} free ports between ${FIRST_PORT} and ${LAST_PORT}`, {
      hint: `end what listens there; claims of runs are in ${folder}`,
    });
  }
  return { ports: held.map(({ port }) => port), letGo, release };
}

/** Whether a program listens on the port right now. */
export async function isPortTaken(port: number): Promise<boolean> {
  const server = await listen(port);
  if (!server) return true;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return false;
}

/** Removes claims whose owner is dead; returns how many. */
export function sweepPortClaims(): number {
  const folder = claimsFolder();
  let swept = 0;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return 0;
  }
  for (const name of names) {
    try {
      if (!isOwnerDead(readFileSync(join(folder, name), 'utf8'))) continue;
      rmSync(join(folder, name), { force: true });
      swept += 1;
    } catch {
      // given back in this moment
    }
  }
  removeIfEmpty(folder);
  return swept;
}

function claimsFolder(): string {
  return join(tmpdir(), `testcard-ports-${process.getuid?.() ?? 'user'}`);
}

function claim(folder: string, port: number): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, String(port)), currentOwner(), { flag: 'wx' });
    return true;
  } catch {
    return false; // claimed already, or the folder went away as another run ended: the next candidate will do
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // other runs have claims
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    // Whoever connects this early must see a closed connection, not one that nobody serves.
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ host: LOCAL_HOST, port, exclusive: true }, () => resolve(server));
  });
}
