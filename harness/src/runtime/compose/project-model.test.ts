import { describe, expect, it } from 'vitest';
import type { EnvironmentSpec, ServiceSpec } from '../../model/environment.ts';
import type { ComposeModel } from './compose-cli.ts';
import { LINK_PROXY } from './link-proxy-service.ts';
import { type ProjectPlan, projectModel } from './project-model.ts';

const service = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  environment: {},
  ports: [],
  dependsOn: [],
  restart: { policy: 'no' },
  logs: 'text',
  stopGraceMs: 10_000,
  ...more,
});
const spec: EnvironmentSpec = {
  file: '/p/compose/x/compose.yaml',
  name: 'x',
  services: [service('worker'), service('speech', { ports: [8080, 9000], udpPorts: [9000] })],
};
const model = (): ComposeModel => ({
  name: 'x',
  services: {
    worker: {
      container_name: 'the-worker',
      build: { context: '.' },
      restart: 'always',
      depends_on: { speech: {} },
      command: ['run', '--to', 'http://speech:8080/x'],
      environment: { URL: 'http://speech:8080', SPEECH_HOST: 'speech', SPEECH_PORT: '8080', UNSET: null },
      networks: { front: null },
    },
    speech: {
      image: 'speech:1',
      ports: [{ target: 8080, published: '8080', host_ip: '0.0.0.0' }],
      networks: { front: null, back: null },
      labels: { theirs: 'yes' },
    },
    other: { image: 'not-in-this-environment' },
  },
  networks: { front: { name: 'fixed' }, back: null, outside: { name: 'shared', external: true } },
  volumes: { data: { name: 'fixed-data' } },
});
const plan = (more: Partial<ProjectPlan> = {}): ProjectPlan => ({
  project: 'run-1',
  labels: { mine: '1' },
  published: { worker: {}, speech: { 8080: 23_000, 9000: 23_001 } },
  bindHost: '127.0.0.1',
  proxy: undefined,
  ...more,
});

describe('the model of a run’s own project', () => {
  it('has no fixed name, port or policy, and bears the labels everywhere', () => {
    const { name, services, networks, volumes } = projectModel(model(), spec, { overrides: {} }, plan());
    expect(name).toBe('run-1');
    expect(Object.keys(services)).toEqual(['worker', 'speech']);
    expect(services.worker).toMatchObject({ image: 'x-worker', restart: 'no', labels: { mine: '1' } });
    for (const gone of ['container_name', 'build', 'depends_on', 'profiles']) {
      expect(services.worker).not.toHaveProperty(gone);
    }
    expect(services.speech?.labels).toEqual({ theirs: 'yes', mine: '1' });
    expect(services.speech?.ports).toEqual([
      { target: 8080, published: '23000', host_ip: '127.0.0.1', protocol: 'tcp', mode: 'ingress' },
      { target: 9000, published: '23001', host_ip: '127.0.0.1', protocol: 'udp', mode: 'ingress' },
    ]);
    expect(networks).toEqual({
      front: { name: 'run-1_front', labels: { mine: '1' } },
      back: { name: 'run-1_back', labels: { mine: '1' } },
      outside: { name: 'shared', external: true },
    });
    expect(volumes).toEqual({ data: { name: 'run-1_data', labels: { mine: '1' } } });
  });

  it('leaves addresses as they are where no link is proxied', () => {
    const { services } = projectModel(model(), spec, { overrides: {} }, plan());
    expect(services.worker?.command).toEqual(['run', '--to', 'http://speech:8080/x']);
    expect(services.worker?.environment).toEqual({
      URL: 'http://speech:8080',
      SPEECH_HOST: 'speech',
      SPEECH_PORT: '8080',
    });
  });

  it('sends a client whose link may be broken to the proxy, wherever it names the server, and only that client', () => {
    const links = [{ client: 'worker', server: 'speech', port: 8080, proxyName: 'p', listenPort: 21_001 }];
    const proxy = { links, published: { 8474: 24_000, 21001: 24_001 } };
    const { services } = projectModel(model(), spec, { overrides: {} }, plan({ proxy }));
    expect(services.worker?.command).toEqual(['run', '--to', `http://${LINK_PROXY}:21001/x`]);
    expect(services.worker?.environment).toEqual({
      URL: `http://${LINK_PROXY}:21001`,
      SPEECH_HOST: LINK_PROXY,
      SPEECH_PORT: '21001',
    });
    expect(services[LINK_PROXY]).toMatchObject({ cap_drop: ['ALL'], networks: { front: null, back: null } });
    expect(services[LINK_PROXY]?.ports?.map(({ published }) => published)).toEqual(['24000', '24001']);
  });

  it('turns health checks off where an address tells readiness, and only there', () => {
    const [worker, speech] = spec.services;
    const asked = {
      ...spec,
      services: [{ ...service('worker'), ready: { http: 'http://worker:1/' } }, speech ?? service('speech')],
    };
    const { services } = projectModel(model(), asked, { overrides: {} }, plan());
    expect(worker).not.toHaveProperty('ready');
    expect(services.worker?.healthcheck).toEqual({ disable: true });
    expect(services.speech).not.toHaveProperty('healthcheck');
  });

  it('lays the suite’s variables over the file’s', () => {
    const overrides = { worker: { environment: { URL: 'http://speech:8080/other', MORE: '1' } } };
    const { services } = projectModel(model(), spec, { overrides }, plan());
    expect(services.worker?.environment).toMatchObject({ URL: 'http://speech:8080/other', MORE: '1' });
  });

  it('refuses what two runs cannot both have', () => {
    const bound = model();
    if (bound.services.worker) bound.services.worker.network_mode = 'host';
    expect(() => projectModel(bound, spec, { overrides: {} }, plan())).toThrow(/worker uses network_mode host/);
  });
});
