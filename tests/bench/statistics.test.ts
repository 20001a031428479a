import { describe, expect, it } from 'vitest';
import { quantile, rotated, spread } from '../../bench/statistics.ts';

describe('the statistics of the benchmark', () => {
  it('have the middle one as the median, whatever the order', () => {
    expect(spread([30, 10, 20])).toEqual({ median: 20, least: 10, most: 30 });
  });

  it('draw straight between two', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([0, 100], 0.99)).toBe(99);
  });

  it('know no quantile of nothing', () => {
    expect(() => quantile([], 0.5)).toThrow('nothing');
  });

  it('let another one begin in each run', () => {
    const begins = [0, 1, 2, 3].map((run) => rotated(['a', 'b', 'c'], run).join(''));
    expect(begins).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
