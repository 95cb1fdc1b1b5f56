import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultPorts } from '../../model/faults.ts';
import { fillFault } from './fill.ts';

const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'disk-fill-test-'));

/** Whether a small file system could be mounted there, which takes a privileged user. */
function mounted(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const isMounted = mounted();
if (!isMounted) console.warn('disk.fill: 2 tests skipped, no file system can be mounted by this user');

const ports = (path: string | undefined) => ({ dataFolder: () => path }) as Partial<FaultPorts> as FaultPorts; // all it asks for
const prepare = (path: string | undefined) => fillFault.prepare({ service: 'store' }, ports(path), never);

afterAll(() => {
  if (isMounted) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

describe.skipIf(!isMounted)('a volume of its own', () => {
  beforeAll(() => writeFileSync(join(folder, 'kept'), 'data'));

  it('is full to the last byte, shown by a write, and as before when it is reverted', async () => {
    const given = ports(folder);
    const record = await prepare(folder);
    expect(await fillFault.prove(record, given, never)).toMatchObject({ holds: false, seen: 'written' });
    await fillFault.inject(record, given, never);
    expect(await fillFault.prove(record, given, never)).toMatchObject({ holds: true, seen: 'ENOSPC' });
    expect(await fillFault.proveReverted?.(record, given, never)).toMatchObject({ holds: false });
    expect(() => writeFileSync(join(folder, 'more'), 'x')).toThrow(/ENOSPC/);
    rmSync(join(folder, 'more'), { force: true });
    await fillFault.revert?.(record, given, never);
    expect(await fillFault.proveReverted?.(record, given, never)).toMatchObject({ holds: true });
    expect(readdirSync(folder)).toEqual(['kept']);
  });

  it('is given back when filling is interrupted', async () => {
    const record = await prepare(folder);
    await expect(fillFault.inject(record, ports(folder), AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
    await fillFault.revert?.(record, ports(folder), never);
    expect(readdirSync(folder)).toEqual(['kept']);
  });
});

describe('what is not filled', () => {
  it.each([
    ['the machine’s own disk', () => tmpdir(), 'it lies on a disk that others use too'],
    ['a folder that is not there', () => join(tmpdir(), 'no-such-folder'), 'there is no such folder'],
    ['a service without a folder', () => undefined, 'has no volume that could be filled'],
  ])('%s', async (_, path, message) => {
    await expect(prepare(path())).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining(message),
    });
  });
});
