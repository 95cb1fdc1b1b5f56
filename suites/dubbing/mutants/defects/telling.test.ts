import { expect, test } from 'vitest';
import { withField, withoutField, withoutLine } from './log-defects.ts';
import {
  add,
  leaveOut,
  rename,
  resetAt,
  setTo,
  stuckAtPeak,
  without,
  withoutComment,
  withType,
} from './metrics-defects.ts';

const text = (sent: number) =>
  [
    '# HELP jobs_total Jobs.',
    '# TYPE jobs_total counter',
    `jobs_total{status="sent"} ${sent}`,
    'jobs_total{status="done"} 7',
    '# TYPE wait_ms histogram',
    'wait_ms_bucket{le="1"} 1',
    'wait_ms_count 1',
    '',
  ].join('\n');
const value = (metrics: string, series: string) =>
  metrics
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.split(' ')[1];

test('samples are set, raised, left out or renamed, and all other lines stay', () => {
  expect(value(setTo('jobs_total{status="sent"}', 0)(text(3)), 'jobs_total{status="sent"}')).toBe('0');
  expect(value(add('jobs_total', 2)(text(3)), 'jobs_total{status="done"}')).toBe('9');
  expect(leaveOut('jobs_total{status="done"}')(text(3))).toBe(text(3).replace('jobs_total{status="done"} 7\n', ''));
  expect(rename('jobs_total{status="done"', 'jobs_total{state="done"')(text(3))).toContain(
    'jobs_total{state="done"} 7',
  );
});

test('a gauge is stuck at the most it ever was', () => {
  const stuck = stuckAtPeak('jobs_total{status="sent"}');
  expect([1, 3, 0].map((sent) => value(stuck(text(sent)), 'jobs_total{status="sent"}'))).toEqual(['1', '3', '3']);
});

test('a counter falls back once and counts on', () => {
  const reset = resetAt('jobs_total{status="sent"}', 2);
  expect([0, 1, 2, 3].map((sent) => value(reset(text(sent)), 'jobs_total{status="sent"}'))).toEqual([
    '0',
    '1',
    '0',
    '1',
  ]);
});

test('comments are left out or say another type, and a metric is gone as a whole', () => {
  expect(withoutComment('HELP', 'jobs_total')(text(1))).not.toContain('HELP');
  expect(withType('jobs_total', 'gauge')(text(1))).toContain('# TYPE jobs_total gauge');
  expect(without('wait_ms')(text(1))).not.toContain('wait_ms');
  expect(without('wait_ms')(text(1))).toContain('jobs_total');
});

test('log lines about a thing lack a field, have another value in it, or are gone; all others stay', () => {
  const line = { msg: 'job done', level: 'info', id: 1 };
  const other = { msg: 'job begun', level: 'info', id: 1 };
  expect(withoutField(/done/, 'id')(line)).toEqual({ msg: 'job done', level: 'info' });
  expect(withField(/done/, 'level', 'error')(line)).toEqual({ ...line, level: 'error' });
  expect(withoutLine(/done/)(line)).toBeUndefined();
  for (const defect of [withoutField(/done/, 'id'), withField(/done/, 'level', 'error'), withoutLine(/done/)]) {
    expect(defect(other)).toBe(other);
  }
});
