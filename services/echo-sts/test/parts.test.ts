import { describe, expect, it } from 'vitest';
import { ErrorSimulation } from '../src/error-simulation.ts';
import { OrderedDelivery } from '../src/ordered-delivery.ts';
import { stageTimings } from '../src/processing-delay.ts';
import { decodedBytes, isBase64 } from '../src/protocol/worker-events.ts';
import { Sequence } from '../src/sequence.ts';
import { Statistics } from '../src/statistics.ts';

describe('the sequence', () => {
  it('allows 0, then each next number once', () => {
    const sequence = new Sequence();
    expect([0, 1].map((number) => sequence.allows(number))).toEqual([true, false]);
    sequence.accept(0);
    expect([0, 1, 2].map((number) => sequence.allows(number))).toEqual([false, true, false]);
  });

  it('allows refused numbers again or left out, and nothing beyond them', () => {
    const sequence = new Sequence();
    sequence.accept(0);
    sequence.refuse(1);
    sequence.refuse(2);
    expect([0, 1, 2, 3, 4].map((number) => sequence.allows(number))).toEqual([false, true, true, true, false]);
    sequence.accept(2);
    expect([1, 2, 3, 4].map((number) => sequence.allows(number))).toEqual([false, false, true, false]);
  });

  it('learns nothing from a number that was out of order', () => {
    const sequence = new Sequence();
    sequence.refuse(5);
    expect([0, 1, 5, 6].map((number) => sequence.allows(number))).toEqual([true, false, false, false]);
  });
});

describe('the order of answers', () => {
  it('holds back what is ready early and says when nothing is left', () => {
    const left: string[] = [];
    const delivery = new OrderedDelivery(() => left.push('idle'));
    const [first, second, third] = [delivery.takePlace(), delivery.takePlace(), delivery.takePlace()];
    third(() => left.push('third'));
    second(() => left.push('second'));
    expect([...left, delivery.depth]).toEqual([3]);
    first(() => left.push('first'));
    expect([...left, delivery.depth]).toEqual(['first', 'second', 'third', 'idle', 0]);
  });
});

describe('error rules', () => {
  it('match an id without regard to case, as UUIDs are compared', () => {
    const outcome = { stage: 'asr', status: 'failed', delivery: 'processed', silent: false } as const;
    const rules = new ErrorSimulation([{ trigger: 'fragment_id', value: 'ABC', error_code: 'TIMEOUT', ...outcome }]);
    expect(rules.match({ fragment_id: 'abc', sequence_number: 0 })).toBeDefined();
    expect(rules.match({ fragment_id: 'abd', sequence_number: 0 })).toBeUndefined();
  });
});

describe('statistics', () => {
  it('give the mean and the nearest-rank 95th percentile', () => {
    const statistics = new Statistics();
    for (let ms = 1; ms <= 100; ms += 1) statistics.answered('success', ms);
    expect(statistics.report().statistics).toMatchObject({
      success_count: 100,
      avg_processing_time_ms: 50.5,
      p95_processing_time_ms: 95,
    });
  });

  it('keep only the newest 10 000 processing times', () => {
    const statistics = new Statistics();
    for (let index = 0; index < 10_000; index += 1) statistics.answered('success', 1);
    for (let index = 0; index < 10_000; index += 1) statistics.answered('failed', 3);
    expect(statistics.report().statistics).toEqual({
      success_count: 10_000,
      partial_count: 0,
      failed_count: 10_000,
      avg_processing_time_ms: 2,
      p95_processing_time_ms: 3,
    });
  });
});

describe('stage timings', () => {
  it.each([0, 1, 7, 501])('of %d ms add up to it', (totalMs) => {
    const { asr_ms, translation_ms, tts_ms } = stageTimings(totalMs);
    expect(asr_ms + translation_ms + tts_ms).toBe(totalMs);
  });
});

describe('base64', () => {
  it.each([0, 1, 2, 3, 4, 1_000])('of %d bytes is measured without decoding', (length) => {
    expect(decodedBytes(Buffer.alloc(length).toString('base64'))).toBe(length);
  });

  it.each([
    ['QUJD', true],
    ['QUI=', true],
    ['QQ==', true],
    ['QUJ', false],
    ['QU=D', false],
    ['Q===', false],
    ['QU-D', false],
    ['QU D', false],
  ])('%j is read as base64: %s', (text, valid) => expect(isBase64(text)).toBe(valid));
});
