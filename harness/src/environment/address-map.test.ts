import { describe, expect, test } from 'vitest';
import { TestcardError } from '../model/errors.ts';
import { checkAddress, resolveAddress, rewriteAddresses, rewriteArguments, rewriteEnvironment } from './address-map.ts';

const table = {
  mediamtx: { 8554: 20001, 1935: 20002, 9997: 20003 },
  'echo-sts': { 8080: 20004 },
  'echo-sts-2': { 8080: 20005 },
  web: { 80: 20006 },
};

describe('addresses of services', () => {
  test.each([
    ['rtsp://mediamtx:8554/live/test/in', 'rtsp://127.0.0.1:20001/live/test/in'],
    ['echo-sts:8080', '127.0.0.1:20004'],
    ['echo-sts-2:8080', '127.0.0.1:20005'],
    ['a=mediamtx:8554,b=echo-sts:8080;c', 'a=127.0.0.1:20001,b=127.0.0.1:20004;c'],
    ['rtsp://user:pa55@mediamtx:8554/x', 'rtsp://user:pa55@127.0.0.1:20001/x'],
    ['http://web:80/?to=http://echo-sts:8080/x&y=1', 'http://127.0.0.1:20006/?to=http://127.0.0.1:20004/x&y=1'],
    ['http://web/health', 'http://127.0.0.1:20006/health'],
    ['rtmp://mediamtx/live', 'rtmp://127.0.0.1:20002/live'],
    ['["echo-sts:8080"]', '["127.0.0.1:20004"]'],
  ])('%s → %s', (text, expected) => {
    expect(rewriteAddresses(text, table)).toEqual({ text: expected, problems: [] });
  });

  test.each([
    'rtsp://example.com:8554/mediamtx',
    'http://example.com/echo-sts:8080/x',
    'my-mediamtx:8554',
    'mediamtx.example.com:8554',
    'mediamtx:8554@example.com',
    'mediamtx:1.20.1',
    'mediamtx-9:8554x',
    'web',
    'srt://mediamtx/x',
    '',
  ])('%s stays', (text) => {
    expect(rewriteAddresses(text, table)).toEqual({ text, problems: [] });
  });

  test('a port that the service does not declare is a problem that names its ports', () => {
    expect(rewriteAddresses('rtsp://mediamtx:8555/x', table)).toEqual({
      text: 'rtsp://mediamtx:8555/x',
      problems: [
        {
          message: 'service mediamtx has no port 8555',
          hint: 'it declares 1935, 8554, 9997; add "8555" to its ports in the Compose file, or correct the address',
        },
      ],
    });
    expect(rewriteAddresses('http://echo-sts/x', table).problems[0]?.message).toBe(
      'service echo-sts has no port 80 (the default of http)',
    );
  });

  test('resolving for the harness throws it as a mistake of the suite', () => {
    expect(resolveAddress('rtsp://mediamtx:8554/x', table)).toBe('rtsp://127.0.0.1:20001/x');
    expect(() => resolveAddress('rtsp://mediamtx:1/x', table)).toThrow(TestcardError);
  });
});

describe('environment of a service', () => {
  test('a value that is an own container port is mapped where the key says that it is one', () => {
    const { environment } = rewriteEnvironment(
      'echo-sts',
      { ECHO_PORT: '8080', TIMEOUT_MS: '8080', OTHER_PORT: '9090' },
      table,
    );
    expect(environment).toEqual({ ECHO_PORT: '20004', TIMEOUT_MS: '8080', OTHER_PORT: '9090' });
  });

  test('where it listens itself is mapped, in every way to write it', () => {
    const written = {
      A: '0.0.0.0:8080',
      B: 'http://localhost:8080/x',
      LISTEN: ':8080',
      C: 'localhost:9090',
      D: '[::]:8080',
    };
    expect(rewriteEnvironment('echo-sts', written, table).environment).toEqual({
      A: '127.0.0.1:20004',
      B: 'http://127.0.0.1:20004/x',
      LISTEN: '127.0.0.1:20004',
      C: 'localhost:9090',
      D: '127.0.0.1:20004',
    });
  });

  test('host and port in two variables are mapped together', () => {
    const written = {
      STS_HOST: 'echo-sts',
      STS_PORT: '8080',
      NAME: 'echo-sts',
      db_host: 'web',
      db_port: '80',
      X_HOST: 'web',
    };
    expect(rewriteEnvironment('mediamtx', written, table).environment).toEqual({
      STS_HOST: '127.0.0.1',
      STS_PORT: '20004',
      NAME: 'echo-sts',
      db_host: '127.0.0.1',
      db_port: '20006',
      X_HOST: 'web',
    });
  });

  test('a problem names the variable', () => {
    expect(rewriteEnvironment('web', { URL: 'mediamtx:99' }, table).problems).toMatchObject([{ key: 'URL' }]);
  });

  test('arguments are mapped like values', () => {
    const argv = ['server', '--port', '8080', '--http-port=8080', '--count', '8080', '--sts=echo-sts:8080'];
    expect(rewriteArguments('echo-sts', argv, table)).toEqual([
      ...['server', '--port', '20004', '--http-port=20004', '--count', '8080', '--sts=127.0.0.1:20004'],
    ]);
  });
});

describe('checking an address before anything runs', () => {
  const service = (name: string, ports: number[]) => ({
    ...{ name, ports, environment: {}, dependsOn: [], restart: { policy: 'no' as const } },
    ...{ logs: 'text' as const, stopGraceMs: 0 },
  });
  const spec = { services: [service('mediamtx', [8554]), service('echo-sts', [8080])] };

  test.each([
    ['rtsp://mediamtx:8554/x', undefined],
    ['rtsp://example.com/x', undefined],
    ['http://localhost:1/x', undefined],
    ['rtsp://mediamx:8554/x', { message: 'there is no service mediamx', hint: 'did you mean mediamtx?' }],
  ])('%s', (url, expected) => {
    expect(checkAddress(url, spec)).toEqual(expected);
  });

  test('an undeclared port', () => {
    expect(checkAddress('http://echo-sts:80/', spec)?.message).toBe('service echo-sts has no port 80');
  });
});
