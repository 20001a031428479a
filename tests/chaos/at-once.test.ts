import { expect, it } from 'vitest';
import { overruns, type Step } from './at-once.ts';

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
