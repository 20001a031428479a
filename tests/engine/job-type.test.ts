import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../src/index.ts';
import { Registry } from '../../src/engine/job/registry.ts';

const definition = {
  type: 'test.one',
  input: z.object({ a: z.object({ b: z.number() }) }),
  run: () => null,
};

it.each([
  [{ type: 'Test One' }, /"Test One" is not a valid name/],
  [{ type: 'test..one' }, /is not a valid name/],
  [{ type: 'x'.repeat(101) }, /at most 100/],
  [{ priority: 1.5 }, /priority must be a whole number/],
  [{ priority: 5_000 }, /priority must be a whole number/],
  [{ retry: { attempts: 0 } }, /retry\.attempts/],
  [{ retry: { delayMs: -1 } }, /retry\.delayMs/],
  [{ timeoutMs: 0 }, /timeoutMs/],
  [{ schedule: { cron: '* * * * *', jitterMs: -1 } }, /schedule\.jitterMs must be from 0/],
  [{ schedule: { cron: '* * * * *', jitterMs: 86_400_001 } }, /schedule\.jitterMs/],
  [{ schedule: { cron: '* * * * *', misfireLimit: 0 } }, /schedule\.misfireLimit/],
])('refuses %j', (wrong, message) => {
  expect(() => defineJob({ ...definition, ...wrong })).toThrow(message);
});

it('names path and reason of an input that does not fit', async () => {
  await expect(defineJob(definition).parse({ a: { b: 'x' } })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringMatching(/test\.one.*a\.b: .*number/) as string,
  });
});

it('refuses two types of one name', () => {
  const one = defineJob(definition);
  expect(() => new Registry([one, one])).toThrow(/called "test\.one"/);
});
