// Containers of the tools image beside services, each in one namespace of one of them and with rights there and nowhere else.

import type Docker from 'dockerode';
import { TestcardError } from '../../model/errors.ts';
import { type Engine, reasonOf } from './engine.ts';
import { execIn, startExec } from './exec-in.ts';
import type { Labels } from './labels.ts';

const DEFAULT_IMAGE = 'testcard/tools:dev';
const SAYS_WITHIN_MS = 10_000;

export const toolsImage = (): string => process.env.TESTCARD_TOOLS_IMAGE || DEFAULT_IMAGE;

/** What of a service's container the tools share: its network, as root with rights over it; or its processes and so its files, as its user. */
export type Side = 'network' | 'files';

export class SideContainers {
  #engine: Engine;
  #project: string;
  #labels: Labels;
  /** By the service's container and the moment in which it was started: another start gives it another namespace. */
  #containers = new Map<string, Promise<Docker.Container>>();

  constructor(engine: Engine, project: string, labels: Labels) {
    this.#engine = engine;
    this.#project = project;
    this.#labels = labels;
  }

  /** The running tools container beside a service's container. */
  async of(serviceContainer: string, side: Side, signal: AbortSignal): Promise<Docker.Container> {
    const { State, Config } = await this.#engine.docker.getContainer(serviceContainer).inspect();
    if (!State.Running) throw new TestcardError('STEP_INCONCLUSIVE', 'its container does not run');
    const key = `${side} ${serviceContainer} ${State.StartedAt}`;
    const known = this.#containers.get(key);
    if (known) return known;
    signal.throwIfAborted();
    const made = this.#make(serviceContainer, side, Config.User);
    this.#containers.set(key, made);
    made.catch(() => this.#containers.delete(key));
    return made;
  }

  /** Starts a program that goes on; resolves when it has said its first line. */
  async start(serviceContainer: string, argv: readonly string[], signal: AbortSignal) {
    const container = await this.of(serviceContainer, 'network', signal);
    // Its process id in the container, so that it can be ended: the engine has no call that ends what it was told to run.
    const wrapped = ['sh', '-c', 'echo $$; exec "$@"', 'sh', ...argv];
    const { output } = await startExec(container, wrapped, false);
    const lines = () => output.stdout().split('\n');
    const said = new Promise<string>((resolve, reject) => {
      const look = () => {
        if (lines().length > 2) resolve(lines()[1] ?? '');
      };
      output.onData(look);
      look();
      void output.ended.then(() => {
        const words = output.stderr().trim().split('\n').at(-1) || 'it said nothing';
        reject(new TestcardError('STEP_INCONCLUSIVE', `${argv[0]} ended at once: ${words}`));
      }, reject);
      const late = AbortSignal.any([signal, AbortSignal.timeout(SAYS_WITHIN_MS)]);
      late.addEventListener(
        'abort',
        () =>
          reject(
            signal.aborted
              ? signal.reason
              : new TestcardError('STEP_INCONCLUSIVE', `${argv[0]} said nothing within ${SAYS_WITHIN_MS} ms`),
          ),
        { once: true },
      );
    });
    return {
      said: await said,
      output: () => lines().slice(1).join('\n'),
      stop: async () => {
        const pid = lines()[0]?.trim();
        if (!pid || !/^\d+$/.test(pid)) return;
        await execIn(
          container,
          ['sh', '-c', 'kill -TERM "$1" 2>/dev/null || true', 'sh', pid],
          AbortSignal.timeout(SAYS_WITHIN_MS),
        );
        await Promise.race([output.ended, new Promise((resolve) => setTimeout(resolve, SAYS_WITHIN_MS).unref())]);
        output.raw.destroy();
      },
    };
  }

  async #make(serviceContainer: string, side: Side, user: string): Promise<Docker.Container> {
    const isNetwork = side === 'network';
    try {
      const container = await this.#engine.docker.createContainer({
        name: `${this.#project}-${side}-${serviceContainer.slice(0, 6)}-${Date.now().toString(36)}`,
        Image: toolsImage(),
        Entrypoint: ['sleep'],
        Cmd: ['infinity'],
        User: isNetwork ? '0:0' : user,
        Labels: this.#labels,
        HostConfig: {
          ...(isNetwork
            ? {
                NetworkMode: `container:${serviceContainer}`,
                CapDrop: ['ALL'],
                CapAdd: ['NET_ADMIN', 'NET_RAW', 'KILL'],
              }
            : // Its files are seen by whoever has no less than it has itself: the default capabilities.
              { NetworkMode: 'none', PidMode: `container:${serviceContainer}` }),
          SecurityOpt: ['no-new-privileges:true'],
          // With the service's own processes it cannot be the first.
          Init: isNetwork,
        },
      });
      await container.start();
      return container;
    } catch (error) {
      const reason = reasonOf(error);
      const hint = /no such image/i.test(reason)
        ? `build it (compose/images/tools.Dockerfile), or name one with iproute2, iptables and python3 in TESTCARD_TOOLS_IMAGE`
        : undefined;
      throw new TestcardError('STEP_INCONCLUSIVE', `no container of ${toolsImage()} beside the service: ${reason}`, {
        hint,
      });
    }
  }
}
