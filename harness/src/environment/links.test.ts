import { describe, expect, it } from 'vitest';
import type { ServiceSpec } from '../model/environment.ts';
import { allLinks, linksOfUse } from './links.ts';

const service = (name: string, ports: number[], environment: Record<string, string> = {}): ServiceSpec => ({
  name,
  ports,
  environment,
  dependsOn: [],
  restart: { policy: 'no' },
  logs: 'text',
  stopGraceMs: 1_000,
});

const spec = {
  services: [
    service('relay', [8554, 1935]),
    { ...service('camera', [9000, 9001]), udpPorts: [9001] },
    service('db', [5432]),
    service('worker', [8000], {
      IN: 'rtsp://relay:8554/x',
      OUT: 'rtmp://relay/x',
      CAMERA: 'camera:9001',
      DB_HOST: 'db',
      DB_PORT: '5432',
    }),
  ],
};

describe('linksOfUse', () => {
  it('finds who connects to whom in the settings, whichever is named first', () => {
    const links = [
      { client: 'worker', server: 'relay', port: 8554 },
      { client: 'worker', server: 'relay', port: 1935 },
    ];
    expect(linksOfUse({ between: ['worker', 'relay'] }, spec)).toEqual({ links });
    expect(linksOfUse({ between: ['relay', 'worker'] }, spec)).toEqual({ links });
    expect(linksOfUse({ between: ['relay', 'worker'], port: 1935 }, spec)).toEqual({ links: [links[1]] });
    expect(linksOfUse({ between: ['worker', 'db'] }, spec)).toEqual({
      links: [{ client: 'worker', server: 'db', port: 5432 }],
    });
  });

  it('reads what the suite overrides', () => {
    const overrides = { worker: { environment: { CAMERA: 'http://camera:9000' } } };
    expect(linksOfUse({ between: ['worker', 'camera'] }, spec, overrides)).toEqual({
      links: [{ client: 'worker', server: 'camera', port: 9000 }],
    });
  });

  it('takes every TCP port of a service for something of Testcard’s own', () => {
    expect(linksOfUse({ between: ['output', 'camera'] }, spec)).toEqual({
      links: [{ client: 'output', server: 'camera', port: 9000 }],
    });
  });

  it.each([
    [{ between: ['relay', 'db'] as [string, string] }, 'there is no link between relay and db'],
    [{ between: ['x', 'y'] as [string, string] }, 'neither x nor y is a service'],
    [{ between: ['worker', 'camera'] as [string, string] }, 'port 9001 of camera is UDP'],
    [{ between: ['worker', 'relay'] as [string, string], port: 80 }, 'no link between worker and relay at port 80'],
  ])('says what is wrong with %j', (use, message) => {
    expect(linksOfUse(use, spec)).toMatchObject({ problem: expect.stringContaining(message) });
  });
});

it('allLinks lists each TCP link between two services once', () => {
  expect(allLinks(spec).map(({ client, server, port }) => `${client} ${server} ${port}`)).toEqual([
    'worker relay 8554',
    'worker relay 1935',
    'worker db 5432',
  ]);
});
