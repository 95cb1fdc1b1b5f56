// Containers and networks of a test's own on a real engine, with a ContainerControl over the Docker command line. Everything carries a label,
// and is removed with it.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Attachment, ContainerControl, ContainerState, Executed } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';

export const TOOLS_IMAGE = process.env.TESTCARD_TOOLS_IMAGE ?? 'testcard/tools:dev';
const LABEL = 'testcard.test';

/** Why there can be no bench, or undefined. Says so in one loud line. */
export function whyNoEngine(what: string): string | undefined {
  let why: string | undefined;
  try {
    execFileSync('docker', ['image', 'inspect', TOOLS_IMAGE], { stdio: 'pipe' });
  } catch (error) {
    const text = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    why = /No such image/i.test(text)
      ? `there is no image ${TOOLS_IMAGE}`
      : `no Docker engine (${text.split('\n').at(-1)})`;
    console.warn(`${what}: SKIPPED, ${why}`);
  }
  return why;
}

export interface StartOptions {
  networks: string[];
  argv?: string[];
  ip?: string;
  mac?: string;
  aliases?: string[];
  /** Further arguments of `docker run`. */
  more?: string[];
  image?: string;
}

export interface DockerBench {
  containers: ContainerControl;
  network(name: string, subnet?: string): Promise<void>;
  start(service: string, options: StartOptions): Promise<void>;
  /** Ends and removes a container, as a runtime would that starts it anew. */
  remove(service: string): Promise<void>;
  docker(...argv: string[]): Promise<string>;
  containerOf(service: string): string;
  close(): Promise<void>;
}

export function dockerBench(): DockerBench {
  const id = `tcb-${randomBytes(4).toString('hex')}`;
  const label = `${LABEL}=${id}`;
  const services: string[] = [];
  const tools = new Map<string, string>();
  const running = new Set<ChildProcess>();
  const containerOf = (service: string) => `${id}-${service}`;
  const networkOf = (name: string) => `${id}-${name}`;
  const docker = async (...argv: string[]) => (await mustRun(argv)).stdout.trim();

  /** A container that stays, in the namespace of the service as it is now. */
  async function toolsOf(service: string): Promise<string> {
    const { id: own, startedAt } = await inspect(service);
    const key = `${own} ${startedAt}`;
    const known = tools.get(key);
    if (known) return known;
    const found = await docker(
      ...['run', '-d', '--rm', '--label', label, '--user', '0', '--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'],
      ...['--cap-add', 'NET_RAW', '--network', `container:${own}`, TOOLS_IMAGE, 'sleep', 'infinity'],
    );
    tools.set(key, found);
    return found;
  }

  async function inspect(service: string): Promise<ContainerState> {
    const [found] = JSON.parse(await docker('inspect', containerOf(service))) as [
      {
        Id: string;
        RestartCount: number;
        State: {
          Status: ContainerState['status'];
          Pid: number;
          ExitCode: number;
          OOMKilled: boolean;
          StartedAt: string;
        };
      },
    ];
    const { Id, State, RestartCount } = found;
    return {
      ...{ id: Id, name: containerOf(service), status: State.Status, pid: State.Pid, exitCode: State.ExitCode },
      ...{ isOutOfMemory: State.OOMKilled, startedAt: State.StartedAt, restarts: RestartCount },
    };
  }

  async function attachments(service: string): Promise<Attachment[]> {
    const [found] = JSON.parse(await docker('inspect', containerOf(service))) as [
      {
        State: { Running: boolean };
        NetworkSettings: {
          Networks: Record<string, { Aliases?: string[]; IPAddress: string; MacAddress: string }>;
        };
      },
    ];
    const addresses = found.State.Running
      ? ((await mustRun(['exec', await toolsOf(service), 'ip', '-j', 'addr'])).stdout as string)
      : '[]';
    const devices = JSON.parse(addresses) as { ifname: string; addr_info: { local: string }[] }[];
    return Object.entries(found.NetworkSettings.Networks).map(([network, each]) => ({
      network,
      aliases: each.Aliases ?? [],
      ipv4: each.IPAddress || undefined,
      mac: each.MacAddress || undefined,
      device: devices.find(({ addr_info }) => addr_info.some(({ local }) => local === each.IPAddress))?.ifname,
    }));
  }

  const containers: ContainerControl = {
    engine: 'docker (test bench)',
    services: () => services,
    inspect,
    async processes(service) {
      const { stdout, code } = await run(['top', containerOf(service), '-eo', 'pid,stat,args']);
      if (code !== 0) return [];
      return stdout
        .trim()
        .split('\n')
        .slice(1)
        .flatMap((line) => {
          const [, pid, state = '', command = ''] = /^\s*(\d+)\s+(\S)\S*\s+(.*)$/.exec(line) ?? [];
          return pid === undefined ? [] : [{ pid: Number(pid), state, command }];
        });
    },
    exec: (service, argv) => run(['exec', containerOf(service), ...argv]),
    async netExec(service, argv, signal, stdin) {
      return run(['exec', '-i', await toolsOf(service), ...argv], stdin, signal);
    },
    async netStart(service, argv, signal) {
      const { id: own } = await inspect(service);
      const name = `${id}-run-${randomBytes(4).toString('hex')}`;
      const child = spawn('docker', [
        ...[
          'run',
          '--rm',
          '--name',
          name,
          '--label',
          label,
          '--user',
          '0',
          '--cap-drop',
          'ALL',
          '--cap-add',
          'NET_ADMIN',
        ],
        ...['--cap-add', 'NET_RAW', '--network', `container:${own}`, TOOLS_IMAGE, ...argv],
      ]);
      running.add(child);
      let output = '';
      let errors = '';
      child.stderr.on('data', (chunk) => {
        errors += chunk;
      });
      const said = await new Promise<string>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        child.stdout.on('data', (chunk) => {
          output += chunk;
          const end = output.indexOf('\n');
          if (end >= 0) resolve(output.slice(0, end));
        });
        child.on('close', () => reject(new TestcardError('STEP_INCONCLUSIVE', `it ended: ${errors.slice(-300)}`)));
      });
      return {
        said,
        output: () => output,
        async stop() {
          if (child.exitCode === null) {
            await run(['kill', name]);
            if (child.exitCode === null) await once(child, 'close');
          }
          running.delete(child);
        },
      };
    },
    async fileExec(service, argv, signal, stdin) {
      const { id: own } = await inspect(service);
      const user = await docker('inspect', '-f', '{{.Config.User}}', containerOf(service));
      return run(
        [
          ...['run', '-i', '--rm', '--label', label, '--network', 'none', '--pid', `container:${own}`],
          ...['--user', user || '0', TOOLS_IMAGE, ...argv],
        ],
        stdin,
        signal,
      );
    },
    attachments,
    async disconnect(service, network) {
      await docker('network', 'disconnect', network, containerOf(service));
    },
    async connect(service, { network, aliases, ipv4, mac }) {
      await docker(
        ...['network', 'connect', ...aliases.flatMap((alias) => ['--alias', alias])],
        ...(ipv4 ? ['--ip', ipv4] : []),
        ...(mac && (await knowsMac()) ? ['--driver-opt', `com.docker.network.endpoint.macaddress=${mac}`] : []),
        ...[network, containerOf(service)],
      );
    },
    async limits(service) {
      const [memory, cpus, quota, period] = (
        await docker(
          'inspect',
          '-f',
          '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}}',
          containerOf(service),
        )
      )
        .split(' ')
        .map(Number);
      return {
        memoryBytes: memory ?? 0,
        cpus: cpus ? cpus / 1e9 : quota && quota > 0 ? quota / (period || 100_000) : 0,
      };
    },
    async setLimits(service, { memoryBytes, cpus }) {
      const memory = memoryBytes === 0 ? '-1' : String(memoryBytes);
      await docker(
        ...['update', '--memory', memory, '--memory-swap', memory],
        ...(cpus === 0
          ? ['--cpu-quota', '-1']
          : ['--cpu-period', '100000', '--cpu-quota', String(Math.round(cpus * 100_000))]),
        containerOf(service),
      );
    },
  };
  /** Since engine 25. */
  const knowsMac = async () => Number((await docker('version', '-f', '{{.Server.Version}}')).split('.')[0]) >= 25;

  return {
    containers,
    docker,
    containerOf,
    async network(name, subnet) {
      await docker('network', 'create', '--label', label, ...(subnet ? ['--subnet', subnet] : []), networkOf(name));
    },
    async start(
      service,
      { networks, argv = ['sleep', 'infinity'], ip, mac, aliases = [], more = [], image = TOOLS_IMAGE },
    ) {
      const [first = '', ...rest] = networks;
      await docker(
        ...['run', '-d', '--init', '--label', label, '--name', containerOf(service), '--network', networkOf(first)],
        ...['--network-alias', service, ...aliases.flatMap((alias) => ['--network-alias', alias])],
        ...(ip ? ['--ip', ip] : []),
        ...(mac ? ['--mac-address', mac] : []),
        ...[...more, image, ...argv],
      );
      for (const each of rest)
        await docker('network', 'connect', '--alias', service, networkOf(each), containerOf(service));
      if (!services.includes(service)) services.push(service);
    },
    async remove(service) {
      await run(['rm', '-f', '-v', containerOf(service)]);
    },
    async close() {
      for (const child of running) child.kill();
      const left = await docker('ps', '-aq', '--filter', `label=${label}`);
      if (left) await run(['rm', '-f', '-v', ...left.split('\n')]);
      const networks = await docker('network', 'ls', '-q', '--filter', `label=${label}`);
      if (networks) await run(['network', 'rm', ...networks.split('\n')]);
    },
  };
}

async function mustRun(argv: string[]): Promise<Executed> {
  const done = await run(argv);
  if (done.code === 0) return done;
  throw new TestcardError('STEP_INCONCLUSIVE', `docker ${argv[0]}: ${done.stderr.trim().split('\n').at(-1)}`);
}

function run(argv: string[], stdin?: string, signal?: AbortSignal): Promise<Executed> {
  return new Promise((resolve) => {
    const child = execFile(
      'docker',
      argv,
      { maxBuffer: 1024 * 1024, ...(signal ? { signal } : {}) },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 125) : 0;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
    child.stdin?.end(stdin ?? '');
  });
}
