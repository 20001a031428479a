import { describe, expect, it } from 'vitest';
import { ClaimCursor } from '../../src/engine/worker/claim-cursor.ts';

const position = (rank: number, id = 1) => ({ rank, id });

describe('a claim cursor', () => {
  it('starts at the beginning of the queue', () => {
    expect(new ClaimCursor().from(0)).toBeNull();
    expect(new ClaimCursor().untilRescanMs(0)).toBe(Infinity);
  });

  it('continues from its last position, and starts again after ten times the length of a full scan', () => {
    const cursor = new ClaimCursor();
    cursor.advance(null, { startMs: 0, endMs: 30, taken: 0, last: position(7), full: false });
    expect(cursor.from(31)).toEqual(position(7));
    expect(cursor.from(329)).toEqual(position(7));
    expect(cursor.from(331)).toBeNull();
  });

  it('does not count the time that finding jobs takes', () => {
    const cursor = new ClaimCursor();
    cursor.advance(null, { startMs: 0, endMs: 40, taken: 2_000, last: position(7), full: true });
    expect(cursor.from(40)).toBeNull();
  });

  it('rescans for what a partial scan may have skipped, and not after a full one', () => {
    const cursor = new ClaimCursor();
    cursor.advance(null, { startMs: 0, endMs: 30, taken: 0, last: position(7), full: false });
    expect(cursor.untilRescanMs(30)).toBe(Infinity);
    cursor.advance(position(7), {
      startMs: 50,
      endMs: 51,
      taken: 1,
      last: position(8),
      full: false,
    });
    expect(cursor.untilRescanMs(51)).toBe(279);
    expect(cursor.untilRescanMs(1_000)).toBe(0);
    cursor.advance(null, { startMs: 340, endMs: 341, taken: 0, last: null, full: false });
    expect(cursor.untilRescanMs(341)).toBe(Infinity);
  });

  it('moves back only if there is more after an earlier position', () => {
    const cursor = new ClaimCursor();
    cursor.advance(null, { startMs: 0, endMs: 10, taken: 1, last: position(7, 5), full: false });
    cursor.advance(null, { startMs: 120, endMs: 130, taken: 1, last: position(7, 2), full: false });
    expect(cursor.from(131)).toEqual(position(7, 5));
    cursor.advance(null, { startMs: 300, endMs: 310, taken: 1, last: position(3), full: true });
    expect(cursor.from(311)).toEqual(position(3));
  });
});
