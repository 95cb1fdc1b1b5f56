// The volume of a container of a real engine is filled, with nothing asked of its image.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerBench, dockerBench, engineFor } from '../testing/docker-bench.ts';
import { fillFault } from './fill.ts';

const engine = engineFor('disk.fill in containers');
const never = new AbortController().signal;

describe.skipIf(!engine)('the volume of a container', () => {
  let bench: DockerBench;
  const ports = (folder: string) => ({ ...bench.ports, dataFolder: () => folder });
  const prepare = (service: string, folder: string) => fillFault.prepare({ service }, ports(folder), never);
  /** What the service itself gets to hear when it writes. */
  const written = async (service: string): Promise<string> => {
    const program =
      'import os\nos.write(os.open("/data/more", os.O_WRONLY | os.O_CREAT), b"more")\nos.unlink("/data/more")\nprint("written")';
    const { stdout, stderr } = await bench.containers.exec(service, ['python3', '-c', program], never);
    return stdout.trim() || (stderr.trim().split('\n').at(-1) ?? '');
  };

  beforeAll(async () => {
    if (!engine) return;
    bench = dockerBench(engine);
    await bench.network('net');
    const tmpfs = { '/data': 'size=4m,mode=1777', '/large': 'size=2g' };
    await bench.start('store', { networks: ['net'], user: '1000:1000', tmpfs });
    await bench.start('rootly', { networks: ['net'], tmpfs });
  });
  afterAll(() => bench?.close());

  it.each(['store', 'rootly'])('of %s has not a byte left for the service itself, and then has', async (service) => {
    const given = ports('/data');
    const record = await prepare(service, '/data');
    expect(await fillFault.prove(record, given, never)).toMatchObject({ holds: false, seen: 'written' });
    await fillFault.inject(record, given, never);
    expect(await fillFault.prove(record, given, never)).toMatchObject({ holds: true, seen: 'ENOSPC' });
    expect(await written(service)).toMatch(/No space left/);
    expect(await fillFault.proveReverted?.(record, given, never)).toMatchObject({ holds: false });
    await fillFault.revert?.(record, given, never);
    expect(await fillFault.proveReverted?.(record, given, never)).toMatchObject({ holds: true });
    expect(await written(service)).toBe('written');
  });

  it('in memory is gone with its container', async () => {
    const given = ports('/data');
    const record = await prepare('rootly', '/data');
    await fillFault.inject(record, given, never);
    await engine?.docker.getContainer(bench.idOf('rootly')).stop({ t: 0 });
    await fillFault.revert?.(record, given, never);
    expect(await fillFault.proveReverted?.(record, given, never)).toMatchObject({ holds: true });
    await engine?.docker.getContainer(bench.idOf('rootly')).start();
    expect(await written('rootly')).toBe('written');
  });

  it.each([
    ['/usr', 'it lies on a disk that others use too'],
    ['/large', 'it has room for 2147 MB'],
  ])('%s is not filled: %s', async (folder, message) => {
    await expect(prepare('rootly', folder)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining(message),
    });
  });
});
