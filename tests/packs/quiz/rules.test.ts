import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, periodBefore, periodOf } from '../../../src/packs/quiz/rules.ts';
import { startOf } from './oracle.ts';

const TYPES = ['weekly', 'monthly'] as const;
const instants = fc.date({
  min: new Date('1999-01-01T00:00:00Z'),
  max: new Date('2101-01-01T00:00:00Z'),
  noInvalidDate: true,
});

const period = (type: 'weekly' | 'monthly', at: string): string[] => {
  const { start, end } = periodOf(type, new Date(at));
  return [start.toISOString().slice(0, 10), end.toISOString().slice(0, 10)];
};

describe('periods', () => {
  it.each([
    ['weekly', '2025-03-24T00:00:00Z', '2025-03-24', '2025-03-31'],
    ['weekly', '2025-03-23T23:59:59.999Z', '2025-03-17', '2025-03-24'],
    ['weekly', '2024-12-31T12:00:00Z', '2024-12-30', '2025-01-06'],
    ['weekly', '2024-02-29T12:00:00Z', '2024-02-26', '2024-03-04'],
    ['monthly', '2024-02-29T23:59:59.999Z', '2024-02-01', '2024-03-01'],
    ['monthly', '2025-12-31T23:59:59.999Z', '2025-12-01', '2026-01-01'],
    ['monthly', '2026-01-01T00:00:00Z', '2026-01-01', '2026-02-01'],
  ] as const)('%s at %s is from %s to %s', (type, at, start, end) => {
    expect(period(type, at)).toEqual([start, end]);
  });

  it('begin where a walk back over the days finds a Monday or a first', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), instants, (type, at) => {
        const { start, end } = periodOf(type, at);
        expect(start).toEqual(startOf(type, at));
        expect(end).toEqual(startOf(type, end));
        expect(start <= at && at < end).toBe(true);
      }),
    );
  });

  it('follow each other without a gap', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), instants, (type, at) => {
        expect(periodBefore(type, at).end).toEqual(periodOf(type, at).start);
        expect(periodOf(type, dayOf(at))).toEqual(periodOf(type, at));
      }),
    );
  });
});
