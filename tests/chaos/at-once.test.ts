import { expect, it } from 'vitest';
import { overdrafts, overruns, type Start, type Step } from './at-once.ts';

const step = (job: number, takes: boolean, weight = 1): Step => ({
  job,
  takes,
  of: 'api',
  weight,
  most: 2,
});

it('finds where more is held at once than there is, and nothing where it is not', () => {
  const fits = [step(1, true), step(2, true), step(1, false), step(3, true), step(3, true)];
  expect(overruns(fits)).toEqual([]);
  expect(overruns([...fits, step(4, true)])).toEqual(['api: 3 of 2, jobs 2, 3, 4']);
  expect(overruns([step(1, true), step(2, true, 2)])).toEqual(['api: 3 of 2, jobs 1, 2']);
  expect(overruns([step(1, true), step(2, false), { ...step(3, true, 2), of: 'mail' }])).toEqual(
    [],
  );
});

it('finds where a bucket was overdrawn, and nothing where it was filled in time', () => {
  const start = (job: number, atMs: number, tokens = 1): Start => {
    return { job, of: 'api', atMs, tokens, most: 2, perMs: 1_000 };
  };
  const fits = [start(1, 0), start(2, 0), start(3, 500), start(4, 1_500, 2), start(5, 9_000, 2)];
  expect(overdrafts(fits, 0)).toEqual([]);
  expect(overdrafts([...fits, start(6, 9_400)], 0)).toEqual(['api: 0.2 too many with job 6']);
  expect(overdrafts([...fits, start(6, 9_400)], 0.5)).toEqual([]);
  expect(overdrafts([start(1, 0, 2), { ...start(2, 0, 2), of: 'mail' }], 0)).toEqual([]);
});
