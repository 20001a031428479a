import { expect, it } from 'vitest';
import { retryDelayMs } from '../../src/engine/transitions/backoff.ts';

const policy = {
  attempts: 20,
  backoff: 'exponential',
  delayMs: 1_000,
  maxDelayMs: 60_000,
} as const;
const seeds = Array.from({ length: 500 }, (_, at) => `seed ${at}`);

it.each([
  ['exponential', [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
  ['linear', [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000]],
] as const)('%s backoff draws from all of [0, bound) and not beyond', (backoff, bounds) => {
  for (const [index, bound] of bounds.entries()) {
    const delays = seeds.map((seed) => retryDelayMs({ ...policy, backoff }, index + 1, seed));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(bound);
    expect(Math.min(...delays)).toBeLessThan(bound * 0.05);
    expect(Math.max(...delays)).toBeGreaterThan(bound * 0.95);
  }
});

it('fixed backoff waits as long as it says, and at most a tenth more', () => {
  const delays = seeds.map((seed) => retryDelayMs({ ...policy, backoff: 'fixed' }, 7, seed));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...delays)).toBeLessThan(1_100);
  expect(new Set(delays).size).toBeGreaterThan(50);
});

it('waits as long again for the same job and attempt', () => {
  expect(retryDelayMs(policy, 3, 'a')).toBe(retryDelayMs(policy, 3, 'a'));
  expect(retryDelayMs(policy, 3, 'a')).not.toBe(retryDelayMs(policy, 3, 'b'));
});

it('bears the thousandth attempt', () => {
  expect(retryDelayMs(policy, 1_000, 'a')).toBeLessThan(60_000);
});
