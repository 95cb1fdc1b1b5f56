import { describe, expect, it } from 'vitest';
import type { Scrape } from '../ports.ts';
import { nearestNames } from './nearest.ts';

const scrape: Scrape = {
  atMs: 0,
  points: [
    ['jobs_total', { status: 'sent' }],
    ['jobs_total', { status: 'processed' }],
    ['jobs_inflight', {}],
    ['process_cpu_seconds_total', {}],
  ].map(([name, labels]) => ({ name, labels, type: 'counter', value: 1 }) as Scrape['points'][number]),
};

describe('nearestNames', () => {
  it('offers the names most like a misspelt one', () => {
    expect(nearestNames(scrape, { name: 'job_total', labels: [] }, 1)).toEqual(['jobs_total']);
    expect(nearestNames(scrape, { name: 'inflight_jobs', labels: [] }, 1)).toEqual(['jobs_inflight']);
  });

  it('lets a word in common count for more than letters that happen to agree', () => {
    const points = ['request_latency_ms', 'battery'].map((name) => ({ ...scrape.points[0], name }));
    const other = { atMs: 0, points } as Scrape;
    expect(nearestNames(other, { name: 'latency', labels: [] }, 1)).toEqual(['request_latency_ms']);
  });

  it('offers the label values there are when only those do not fit', () => {
    const wanted = { name: 'jobs_total', labels: [{ key: 'status', op: '=' as const, value: 'process' }] };
    expect(nearestNames(scrape, wanted)).toEqual(['jobs_total{status="processed"}', 'jobs_total{status="sent"}']);
  });

  it('has nothing to offer without a scrape', () => {
    expect(nearestNames(undefined, { name: 'x', labels: [] })).toEqual([]);
  });
});
