import { expect, it } from 'vitest';
import { z } from 'zod';
import { createHumdrum, defineJob, HumdrumError, type Humdrum } from '../../src/index.ts';
import { fresh } from '../support/databases.ts';

const greet = defineJob({
  type: 'test.greet',
  input: z.object({ name: z.string() }),
  run: () => null,
});
const named = (type: string) => defineJob({ type, input: z.object({}), run: () => null });
const why = { reason: 'a test' };

type Wrong = [what: string, use: (humdrum: Humdrum) => unknown, code: string, message: RegExp];

const WRONG: Wrong[] = [
  ['a type with no name', () => named(''), 'type-invalid', /./],
  ['a type with spaces', () => named('send mail'), 'type-invalid', /send mail/],
  ['two of one name', () => createHumdrum({ jobs: [greet, greet] }), 'type-invalid', /test\.greet/],
  [
    'another database',
    () => createHumdrum({ jobs: [], database: 'redis://x' }),
    'config-invalid',
    /redis/,
  ],
  [
    'a key that is too short',
    () => createHumdrum({ jobs: [], secretKey: 'short' }),
    'config-invalid',
    /32 bytes/,
  ],
  ['a type that is misspelt', (on) => on.enqueue('test.gret', {}), 'type-unknown', /"test\.greet"/],
  ['a type like no other', (on) => on.enqueue('mail', {}), 'type-unknown', /no job type "mail"\.$/],
  [
    'a type that needs a setting',
    (on) => on.run('humdrum.collect-files'),
    'type-unknown',
    /It needs the setting `files`/,
  ],
  [
    'an input that does not fit',
    (on) => on.enqueue('test.greet', { name: 1 }),
    'input-invalid',
    /name/,
  ],
  ['a rehearsal that does not fit', (on) => on.rehearse('test.greet', {}), 'input-invalid', /name/],
  ['a job that is not there', (on) => on.showJob(99), 'job-not-found', /99/],
  ['a retry of none', (on) => on.retry(99, why), 'job-not-found', /99/],
  ['a page of no list', (on) => on.pageOfJobs({ after: 'nonsense' }), 'cursor-invalid', /cursor/],
];

it('what is wrong is refused with a code and a sentence that says what', async () => {
  const humdrum = await createHumdrum({ jobs: [greet], database: await fresh('postgres') });
  for (const [what, use, code, message] of WRONG) {
    let thrown: unknown;
    try {
      await use(humdrum);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, what).toBeInstanceOf(HumdrumError);
    expect([what, (thrown as HumdrumError).code]).toEqual([what, code]);
    expect((thrown as HumdrumError).message, what).toMatch(message);
  }
  expect(await humdrum.listJobs()).toEqual([]);
  await humdrum.close();
});
