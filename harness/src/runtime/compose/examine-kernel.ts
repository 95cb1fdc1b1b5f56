// What the kernel of an engine offers for faults on packets, tried in a network namespace of its own: one line for each effect.

import { meansProgram, readMeans } from '../../faults/interface/means.ts';
import { describeMeans } from '../../faults/interface/plan-impairment.ts';
import { toTestcardError } from '../../model/errors.ts';
import { type Engine, hasImage, reasonOf } from './engine.ts';
import { execIn } from './exec-in.ts';
import { labelsOf } from './labels.ts';
import { toolsImage } from './side-containers.ts';

export interface EngineFinding {
  name: string;
  isThere: boolean;
  detail: string;
  remedy?: string | undefined;
}

const LEASE_MS = 60_000;

/** Nothing where the tools image is not there: that is a finding of its own. */
export async function examineKernel(engine: Engine, signal: AbortSignal): Promise<EngineFinding[]> {
  if (!(await hasImage(engine, toolsImage()))) return [];
  const name = `testcard-doctor-${Date.now().toString(36)}`;
  let container: Awaited<ReturnType<Engine['docker']['createContainer']>> | undefined;
  try {
    container = await engine.docker.createContainer({
      name,
      Image: toolsImage(),
      Entrypoint: ['sleep'],
      Cmd: ['60'],
      User: '0:0',
      Labels: labelsOf(name, LEASE_MS),
      HostConfig: {
        NetworkMode: 'none',
        CapDrop: ['ALL'],
        CapAdd: ['NET_ADMIN', 'NET_RAW'],
        SecurityOpt: ['no-new-privileges:true'],
        AutoRemove: true,
      },
    });
    await container.start();
    const means = readMeans(await execIn(container, ['python3', '-c', meansProgram], signal));
    return describeMeans(means).map(({ effect, by, isThere }) => ({
      name: `kernel: ${effect}`,
      isThere,
      detail: by,
      ...(isThere
        ? {}
        : { remedy: 'load sch_netem on the engine’s machine: only suites that ask for this effect need it' }),
    }));
  } catch (error) {
    signal.throwIfAborted();
    return [
      {
        name: 'kernel',
        isThere: false,
        detail: `could not be asked: ${toTestcardError(error).message || reasonOf(error)}`,
      },
    ];
  } finally {
    await container?.remove({ force: true }).catch(() => undefined); // removes itself otherwise
  }
}
