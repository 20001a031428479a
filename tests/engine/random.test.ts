import { expect, it } from 'vitest';
import { seededRandom, seededUuid } from '../../src/engine/base/random.ts';

it('gives the same numbers for the same seed, on every machine and in every version', () => {
  const random = seededRandom('humdrum');
  expect([random(), random(), random()]).toMatchInlineSnapshot(`
    [
      0.49494404694996774,
      0.18963937181979418,
      0.5946936027612537,
    ]
  `);
});

it('is uniform enough', () => {
  const random = seededRandom('uniform');
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 100_000; draw += 1) {
    const bucket = Math.floor(random() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const drawn of buckets) expect(Math.abs(drawn - 10_000)).toBeLessThan(500);
});

it('makes ids that differ by seed and by name, and are valid UUIDs', () => {
  const ids = [seededUuid('a', 'x'), seededUuid('a', 'y'), seededUuid('b', 'x')];
  expect(new Set(ids).size).toBe(3);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(seededUuid('a', 'x')).toBe(ids[0]);
});
