import { expect, test } from 'vitest';
import { judgeBandwidth } from './bandwidth.ts';
import type { BrokenLink } from './broken-link.ts';
import { countersIn } from './counters.ts';
import { type CurvePoint, lagsOf } from './curves.ts';
import { judgeLatency } from './latency.ts';
import { judgeWedge } from './wedge.ts';

/** Samples of the upstream direction, 10 ms apart, each read within 1 ms. */
const curve = (
  samples: [receivedBytes: number, sentBytes: number][],
  connections: number | undefined = 1,
): CurvePoint[] =>
  samples.map(([receivedBytes, sentBytes], index) => ({
    fromMs: index * 10,
    toMs: index * 10 + 1,
    counters: { upstream: { receivedBytes, sentBytes }, downstream: { receivedBytes: 0, sentBytes: 0 }, connections },
  }));
const link = (behind = 0): BrokenLink => ({
  ...{
    name: 'a → b:80',
    client: 'a',
    server: 'b',
    api: '',
    proxy: 'p',
    listen: { host: '', port: 1 },
    upstream: { host: '', port: 2 },
  },
  ...{ bound: { listen: '', upstream: '' }, isForwarded: false },
  ...{ serverPort: 80, streams: ['upstream'], used: ['upstream'], behind: { upstream: behind, downstream: 0 } },
});
const look = (points: CurvePoint[]) => ({ points, isLive: true, probe: undefined });

test('a lag lies between the samples around the arrival and those around the sending', () => {
  const points = curve([
    [0, 0],
    [100, 0],
    [100, 0],
    [100, 0],
    [100, 100],
  ]);
  expect(lagsOf(points, 'upstream', 0)).toEqual([{ bytes: 100, minMs: 19, maxMs: 41 }]);
});

test('bytes that are sent within the sample of their arrival have no lag', () => {
  expect(
    lagsOf(
      curve([
        [0, 0],
        [100, 100],
      ]),
      'upstream',
      0,
    ),
  ).toEqual([{ bytes: 100, minMs: 0, maxMs: 11 }]);
});

test('bytes that are not sent yet have a least lag and no most', () => {
  expect(
    lagsOf(
      curve([
        [0, 0],
        [100, 0],
        [100, 50],
      ]),
      'upstream',
      0,
    ),
  ).toEqual([{ bytes: 100, minMs: 9, maxMs: undefined }]);
});

test('what was lost earlier is not waited for', () => {
  expect(
    lagsOf(
      curve([
        [500, 400],
        [600, 500],
      ]),
      'upstream',
      100,
    )[0]?.maxMs,
  ).toBe(11);
  expect(
    lagsOf(
      curve([
        [500, 400],
        [600, 500],
      ]),
      'upstream',
      0,
    )[0]?.maxMs,
  ).toBeUndefined();
});

const late = (samples: number) =>
  curve([[0, 0], ...Array.from({ length: samples }, (): [number, number] => [100, 0]), [100, 100]]);

test.each([
  ['as asked', late(10), 'shown'],
  [
    'at once',
    curve([
      [0, 0],
      [100, 100],
    ]),
    'contradicted',
  ],
  ['after half of it', late(5), 'contradicted'],
  ['after twice of it', late(22), 'contradicted'],
  ['never', curve([[0, 0], ...Array.from({ length: 30 }, (): [number, number] => [100, 0])]), 'contradicted'],
  [
    'without traffic',
    curve([
      [100, 100],
      [100, 100],
    ]),
    'silent',
  ],
])('a delay of 100 ms, seen %s, is judged', (_, points, state) => {
  expect(judgeLatency(look(points), link(), { latencyMs: 100, jitterMs: 0 }).upstream?.state).toBe(state);
});

test.each([
  [
    'swallowed',
    curve([[0, 0], ...Array.from({ length: 20 }, (_, i): [number, number] => [100 * (i + 1), 0])]),
    'shown',
  ],
  [
    'sent on',
    curve([
      [0, 0],
      [100, 50],
      [200, 60],
    ]),
    'contradicted',
  ],
  [
    'swallowed a moment ago',
    curve([
      [0, 0],
      [0, 0],
      [100, 0],
    ]),
    'silent',
  ],
  [
    'not there',
    curve([
      [100, 100],
      [100, 100],
    ]),
    'silent',
  ],
])('a wedge with bytes %s is judged', (_, points, state) => {
  expect(judgeWedge(look(points), link()).upstream?.state).toBe(state);
});

test('a wedge whose connections are gone is none', () => {
  const points = curve([[0, 0], ...Array.from({ length: 20 }, (): [number, number] => [100, 0])], 0);
  expect(judgeWedge(look(points), link()).link?.state).toBe('contradicted');
});

const rate = (bytesPerSample: number, waiting: number) =>
  curve(Array.from({ length: 60 }, (_, i): [number, number] => [i * bytesPerSample + waiting, i * bytesPerSample]));

test.each([
  ['below it with more waiting', rate(1_000, 5_000), 'shown'],
  ['above it', rate(2_000, 5_000), 'contradicted'],
  ['below it with nothing waiting', rate(1_000, 0), 'silent'],
  ['zero with more waiting', rate(0, 5_000), 'silent'],
])('a limit of 100 kB/s, with a rate %s, is judged', (_, points, state) => {
  expect(judgeBandwidth(points, link(), 100).upstream?.state).toBe(state);
});

test('counters are read for one proxy, by direction; open connections tell that they are live', () => {
  const text = [
    '# TYPE toxiproxy_proxy_received_bytes_total counter',
    'toxiproxy_proxy_received_bytes_total{direction="upstream",listener="l",proxy="a \\"b\\"",upstream="u"} 1.5e+06',
    'toxiproxy_proxy_received_bytes_total{direction="upstream",listener="l",proxy="other",upstream="u"} 7',
    'toxiproxy_proxy_sent_bytes_total{direction="downstream",listener="l",proxy="a \\"b\\"",upstream="u"} 9',
  ];
  const counters = {
    upstream: { receivedBytes: 1_500_000, sentBytes: 0 },
    downstream: { receivedBytes: 0, sentBytes: 9 },
  };
  expect(countersIn(text.join('\n'), 'a "b"')).toEqual(counters);
  const live = [...text, 'toxiproxy_proxy_connections{proxy="a \\"b\\""} 3'].join('\n');
  expect(countersIn(live, 'a "b"')).toEqual({ ...counters, connections: 3 });
});
