import { expect, it } from 'vitest';
import { openApi } from '../support/api.ts';
import { fresh } from '../support/databases.ts';
import { job } from '../support/engine.ts';

const fails = job(
  'test.fails',
  () => {
    throw new Error('no');
  },
  { retry: { attempts: 1 } },
);

it('of many who retry and cancel one job at once, each act is done once', async () => {
  const { humdrum, send } = await openApi(await fresh('postgres'), { jobs: [fails] });
  const { id } = await humdrum.enqueue(fails);
  await humdrum.drain();
  const acts = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 'retry' : 'cancel'));
  const answers = await Promise.all(
    acts.map(async (act) => {
      const { status } = await send(`/jobs/${id}/${act}`, { method: 'POST' });
      return `${act} ${status}`;
    }),
  );
  const count = (answer: string): number => answers.filter((one) => one === answer).length;
  // Either it was retried and then cancelled, or only cancelled: nothing leads back from there.
  expect(count('cancel 200')).toBe(1);
  expect(count('retry 200')).toBeLessThanOrEqual(1);
  expect(count('retry 409') + count('cancel 409')).toBe(39 - count('retry 200'));
  const { status, audit } = await humdrum.showJob(id);
  expect(status).toBe('cancelled');
  expect(audit.map(({ event }) => event)).toEqual([
    'created',
    'started',
    'failed',
    ...(count('retry 200') === 1 ? ['retried'] : []),
    'cancelled',
  ]);
});
