import { describe, expect, it } from 'vitest';
import { HOST_LABEL, isAbandoned, LEASE_LABEL, labelsOf, OWNER_LABEL } from './labels.ts';

const mine = labelsOf('p', 60_000, { run: 'r' });

describe('labels', () => {
  it('say whose it is, until when, and of which run', () => {
    expect(mine).toMatchObject({ 'io.testcard.project': 'p', 'io.testcard.run': 'r' });
    expect(Number(mine[LEASE_LABEL]) * 1000).toBeGreaterThan(Date.now() + 59_000);
  });

  it('are abandoned when the process on this machine is gone, and not while it lives', () => {
    expect(isAbandoned(mine)).toBe(false);
    const dead = mine[OWNER_LABEL]?.replace(/:[^:]+:/, ':0:') ?? '';
    expect(isAbandoned({ ...mine, [OWNER_LABEL]: dead })).toBe(true);
  });

  it('of another machine are abandoned when the lease has run out, whatever lives there', () => {
    const theirs = { ...mine, [HOST_LABEL]: 'another', [OWNER_LABEL]: '1:0:1' };
    expect(isAbandoned(theirs)).toBe(false);
    expect(isAbandoned(theirs, Date.now() + 61_000)).toBe(true);
  });

  it('that are not ours are never abandoned', () => {
    expect(isAbandoned(undefined)).toBe(false);
    expect(isAbandoned({ 'com.docker.compose.project': 'p' })).toBe(false);
    expect(isAbandoned({ [OWNER_LABEL]: '1:0:1' })).toBe(false);
  });
});
