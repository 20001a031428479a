import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type Context, defineJob, type JobRequest, type JobType } from '../../src/index.ts';
import { testHumdrum } from '../../src/testing/index.ts';

/** What `enqueue` takes for a type. */
type Given<Type> = Type extends JobType<infer Input> ? Input : never;

const plain = defineJob({
  type: 'types.plain',
  input: z.object({ to: z.string() }),
  run: (_ctx, { to }) => to,
});
const defaulted = defineJob({
  type: 'types.defaulted',
  input: z.object({ limit: z.number().default(10) }),
  run: (_ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<{ limit: number }>();
    return input.limit;
  },
});
const dated = defineJob({
  type: 'types.dated',
  input: z.object({ at: z.coerce.date() }),
  run: (_ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<{ at: Date }>();
    return input.at.toISOString();
  },
});
const numbered = defineJob({
  type: 'types.numbered',
  input: z.string().transform(Number),
  unique: (input) => ({ key: input.toFixed() }),
  run: (_ctx, input) => {
    expectTypeOf(input).toEqualTypeOf<number>();
    return input;
  },
});

it('what goes in is typed as what the schema takes, and the handler gets what it makes of it', async () => {
  expectTypeOf<Given<typeof plain>>().toEqualTypeOf<{ to: string }>();
  expectTypeOf<Given<typeof defaulted>>().toEqualTypeOf<{ limit?: number | undefined }>();
  expectTypeOf<Given<typeof dated>>().toEqualTypeOf<{ at: unknown }>();
  expectTypeOf<Given<typeof numbered>>().toEqualTypeOf<string>();
  expectTypeOf<JobRequest<{ to: string }>['input']>().toEqualTypeOf<{ to: string } | undefined>();
  const all: JobType[] = [plain, defaulted, dated, numbered];
  const humdrum = await testHumdrum({ jobs: all });
  await humdrum.enqueue(plain, { to: 'ada' });
  await humdrum.enqueue(defaulted, {});
  await humdrum.enqueue(dated, { at: '2026-01-01' });
  await humdrum.enqueue(numbered, '5');
  await humdrum.enqueue('types.plain', { to: 'by its name' });
  const { ran } = await humdrum.drain();
  const results = await Promise.all(
    ran.map(async ({ id }) => (await humdrum.showJob(id)).attemptRecords[0]?.result),
  );
  expect(results).toEqual(['ada', 10, '2026-01-01T00:00:00.000Z', 5, 'by its name']);
  await humdrum.close();
});

it('a wrong input does not compile', () => {
  const enqueue: Context['enqueue'] = async () => Promise.resolve({ id: 1, created: true });
  const calls = {
    plain: (input: Given<typeof plain>) => enqueue(plain, input),
    numbered: (input: Given<typeof numbered>) => enqueue(numbered, input),
  };
  expectTypeOf(calls.plain).parameter(0).not.toEqualTypeOf<object>();
  expectTypeOf<{ to: number }>().not.toExtend<Parameters<typeof calls.plain>[0]>();
  expectTypeOf<object>().not.toExtend<Parameters<typeof calls.plain>[0]>();
  expectTypeOf<5>().not.toExtend<Parameters<typeof calls.numbered>[0]>();
  expect(Object.keys(calls)).toHaveLength(2);
});
