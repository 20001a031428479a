import { describe, expect, it } from 'vitest';
import { payload, payloads, pieces } from '../../bench/payload.ts';

describe('the payloads of the benchmark', () => {
  it.each([0, 9, 10, 12_345, 1_000_000])('have 100 bytes with the id %d', (id) => {
    expect(JSON.stringify(payload(id))).toHaveLength(100);
  });

  it('count on from an id', () => {
    expect(payloads(3, 7).map(({ id }) => id)).toEqual([7, 8, 9]);
  });

  it('come in pieces, of which the last may be short', () => {
    expect(pieces([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(pieces([], 2)).toEqual([]);
  });
});
