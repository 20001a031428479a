import { expect, it } from 'vitest';
import { createHumdrum } from '../../src/index.ts';

it.each([
  [{ concurrency: 0 }, /worker\.concurrency must be a whole number from 1 to 1000, not 0/],
  [{ concurrency: 2.5 }, /worker\.concurrency/],
  [{ leaseMs: 5 }, /worker\.leaseMs/],
  [{ pollMs: Number.NaN }, /worker\.pollMs .* not NaN/],
])('refuses %j before it opens anything', async (worker, message) => {
  await expect(createHumdrum({ worker })).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(message) as string,
  });
});
