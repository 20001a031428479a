import { describe, expect, it } from 'vitest';
import { ClaimCursor } from '../../src/engine/worker/claim-cursor.ts';

const place = (rank: number, id = 1) => ({ rank, id });

describe('the walk along a queue', () => {
  it('begins at the beginning', () => {
    expect(new ClaimCursor().from(0)).toBeNull();
    expect(new ClaimCursor().restMs(0)).toBe(Infinity);
  });

  it('goes on from its last place, and is whole again after ten times the length of a whole one', () => {
    const walk = new ClaimCursor();
    walk.walked(null, { fromMs: 0, toMs: 30, seen: 0, last: place(7), full: false });
    expect(walk.from(31)).toEqual(place(7));
    expect(walk.from(329)).toEqual(place(7));
    expect(walk.from(331)).toBeNull();
  });

  it('takes no rest for the time that jobs take', () => {
    const walk = new ClaimCursor();
    walk.walked(null, { fromMs: 0, toMs: 40, seen: 2_000, last: place(7), full: true });
    expect(walk.from(40)).toBeNull();
  });

  it('looks for what a short one may have overlooked, and for nothing after a whole one', () => {
    const walk = new ClaimCursor();
    walk.walked(null, { fromMs: 0, toMs: 30, seen: 0, last: place(7), full: false });
    expect(walk.restMs(30)).toBe(Infinity);
    walk.walked(place(7), { fromMs: 50, toMs: 51, seen: 1, last: place(8), full: false });
    expect(walk.restMs(51)).toBe(279);
    expect(walk.restMs(1_000)).toBe(0);
    walk.walked(null, { fromMs: 340, toMs: 341, seen: 0, last: null, full: false });
    expect(walk.restMs(341)).toBe(Infinity);
  });

  it('goes back only where there is more behind an earlier place', () => {
    const walk = new ClaimCursor();
    walk.walked(null, { fromMs: 0, toMs: 10, seen: 1, last: place(7, 5), full: false });
    walk.walked(null, { fromMs: 120, toMs: 130, seen: 1, last: place(7, 2), full: false });
    expect(walk.from(131)).toEqual(place(7, 5));
    walk.walked(null, { fromMs: 300, toMs: 310, seen: 1, last: place(3), full: true });
    expect(walk.from(311)).toEqual(place(3));
  });
});
