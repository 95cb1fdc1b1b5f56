import { expect, test } from 'vitest';
import { restartPolicy } from './restart-policy.ts';

const crash = { code: 1 };

/** Delays of successive ends, each after a life of so many ms. */
const delays = (policy: ReturnType<typeof restartPolicy>, lives: number[], exit = crash) =>
  lives.map((livedMs) => policy.next(exit, livedMs));

test('no policy: it stays down', () => {
  expect(delays(restartPolicy({ policy: 'no' }), [5])).toEqual([undefined]);
});

test('each next start waits twice as long, at most a minute', () => {
  expect(delays(restartPolicy({ policy: 'always' }), new Array(12).fill(5))).toEqual([
    ...[100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000],
  ]);
});

test('after ten seconds of life it begins again', () => {
  expect(delays(restartPolicy({ policy: 'always' }), [5, 5, 10_000, 9_999])).toEqual([100, 200, 100, 200]);
});

test('on-failure: not after exit code 0, but after a signal', () => {
  const policy = restartPolicy({ policy: 'on-failure' });
  expect(policy.next({ code: 0 }, 5)).toBeUndefined();
  expect(policy.next({ signal: 'SIGKILL' }, 5)).toBe(100);
});

test('on-failure:2: two more times', () => {
  expect(delays(restartPolicy({ policy: 'on-failure', maxRetries: 2 }), [5, 5, 5])).toEqual([100, 200, undefined]);
});

test('always also after exit code 0, never for a program that cannot be started', () => {
  expect(restartPolicy({ policy: 'always' }).next({ code: 0 }, 5)).toBe(100);
  expect(restartPolicy({ policy: 'always' }).next({ problem: 'ENOENT' }, 5)).toBeUndefined();
});
