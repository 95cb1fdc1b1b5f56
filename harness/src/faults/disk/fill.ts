// disk.fill: the volume that a service writes to has no byte left. Only where that volume is bounded, so that nothing else on the machine
// notices.

import { randomUUID } from 'node:crypto';
import { open, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultKind, FaultPorts, Proof } from '../../model/faults.ts';
import { atVolume, type ContainerVolume } from './container-volume.ts';

const schema = z.strictObject({ service: z.string().min(1).describe('The service whose volume is filled') });
type FillInput = z.output<typeof schema>;

interface FillRecord {
  service: string;
  folder: string;
  /** What takes all the room. */
  file: string;
  /** Set when the folder is in a container: the type of its file system. */
  containerType?: string;
}

/** Larger ones are not filled: it would take long, and it is hardly a volume made for a test. */
const MOST_BYTES = 1024 ** 3;
const CHUNK_BYTES = [1024 * 1024, 4096, 1];
const PROBE_BYTES = 4096;

export const fillFault: FaultKind<FillInput, FillRecord> = {
  key: 'disk.fill',
  summary: 'The volume that a service writes to is full',
  schema,
  describe: ({ service }) => `fill the volume of ${service}`,
  async prepare({ service }, ports, signal) {
    const folder = ports.dataFolder(service);
    const { containers } = ports;
    if (folder === undefined) {
      throw new TestcardError('FAULT_UNPROVEN', `service ${service} has no volume that could be filled`, {
        hint: `name the folder that it writes to under \`x-testcard.${containers ? 'data' : 'embedded.data'}\``,
      });
    }
    const file = join(folder, `.testcard-fill-${randomUUID()}`);
    if (!containers) {
      await mustBeBounded(folder, service);
      return { service, folder, file };
    }
    const volume = await atVolume<ContainerVolume>('look', { service, folder }, containers, signal);
    if (!volume.isOwn) throw refusal(folder, service, 'it lies on a disk that others use too');
    if (volume.bytes > MOST_BYTES) throw refusal(folder, service, tooLarge(volume.bytes));
    return { service, folder, file, containerType: volume.type };
  },
  async inject({ containerType, ...at }, { containers }, signal) {
    if (containerType === undefined) await fill(at.file, signal);
    else if (containers) await atVolume('fill', at, containers, signal);
  },
  async prove(record, ports, signal) {
    const problem = await probeAny(record, ports, signal);
    return { holds: problem === 'ENOSPC', ...seenOf(record.folder, problem) };
  },
  provableWithinMs: ({ containerType }) => (containerType === undefined ? 2_000 : 10_000),
  async revert(record, { containers }, signal) {
    const { containerType, ...at } = record;
    if (containerType === undefined) await rm(at.file, { force: true });
    // A volume in memory is gone with its container.
    else if (containers && (await isRunning(record, containers, signal)))
      await atVolume('remove', at, containers, signal);
  },
  async proveReverted(record, ports, signal) {
    const { containerType, service, folder } = record;
    const { containers } = ports;
    if (containerType !== undefined && (!containers || !(await isRunning(record, containers, signal)))) {
      const isGone = !containers || containerType === 'tmpfs';
      return {
        holds: isGone,
        by: `the container of ${service}`,
        seen: isGone
          ? 'it is gone, and its volume in memory with it'
          : 'it does not run, so nobody can look at its volume',
      };
    }
    const problem = await probeAny(record, ports, signal);
    return { holds: problem === undefined, ...seenOf(folder, problem) };
  },
  revertedWithinMs: ({ containerType }) => (containerType === undefined ? 5_000 : 10_000),
  outlivesEnvironment: true,
};

const isRunning = async ({ service }: FillRecord, containers: ContainerControl, signal: AbortSignal) =>
  ['running', 'paused'].includes((await containers.inspect(service, signal)).status);

const refusal = (folder: string, service: string, why: string) =>
  new TestcardError('FAULT_UNPROVEN', `the volume of ${service}, ${folder}, is not filled: ${why}`, {
    hint: 'give it a file system of its own of at most 1 GiB, such as a tmpfs with a size',
  });

const tooLarge = (bytes: number): string => `it has room for ${Math.round(bytes / 1e6)} MB`;

/** A volume of its own, and not a large one: the machine's own disk is never filled. */
async function mustBeBounded(folder: string, service: string): Promise<void> {
  const refuse = (why: string) => refusal(folder, service, why);
  const own = await stat(folder).catch(() => undefined);
  if (!own?.isDirectory()) throw refuse('there is no such folder');
  const others = await Promise.all(['/', tmpdir(), process.cwd()].map((path) => stat(path)));
  if (others.some(({ dev }) => dev === own.dev)) throw refuse('it lies on a disk that others use too');
  const { blocks, bsize } = await statfs(folder);
  if (blocks * bsize > MOST_BYTES) throw refuse(tooLarge(blocks * bsize));
}

/** Smaller and smaller pieces, until not even a byte fits. */
async function fill(file: string, signal: AbortSignal): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for (const bytes of CHUNK_BYTES) {
      const chunk = Buffer.alloc(bytes);
      for (let fits = true; fits; ) {
        signal.throwIfAborted();
        fits = await handle.write(chunk).then(({ bytesWritten }) => bytesWritten === bytes, isFull);
      }
    }
  } finally {
    await handle.close();
  }
}

function isFull(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
  return false;
}

async function probeAny(
  { containerType, service, folder }: FillRecord,
  { containers }: FaultPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (containerType === undefined || !containers) return probe(folder);
  const file = join(folder, `.testcard-probe-${randomUUID()}`);
  const found = await atVolume<{ problem: string | null }>('probe', { service, folder, file }, containers, signal);
  return found.problem === 'EDQUOT' ? 'ENOSPC' : (found.problem ?? undefined);
}

/** Writes a little, as the service would: the error's code, or undefined when it could be written. */
async function probe(folder: string): Promise<string | undefined> {
  const path = join(folder, `.testcard-probe-${randomUUID()}`);
  try {
    await writeFile(path, Buffer.alloc(PROBE_BYTES), { flag: 'wx' });
    return undefined;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'EDQUOT' ? 'ENOSPC' : code;
  } finally {
    await rm(path, { force: true });
  }
}

function seenOf(folder: string, problem: string | undefined): Pick<Proof, 'by' | 'seen'> {
  return { by: `writing ${PROBE_BYTES} bytes to ${folder}`, seen: problem ?? 'written' };
}
