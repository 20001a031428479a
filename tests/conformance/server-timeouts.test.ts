import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const idle = job('timeout.idle', async (ctx) => {
  await ctx.db.query('select 1');
  await sleep(1_200);
  await ctx.db.query('select 1');
});
const slow = job('timeout.slow', async (ctx) => {
  await ctx.db.query('select pg_sleep(3)');
});
const fine = job('timeout.fine', async (ctx) => {
  await ctx.db.query('select 1');
});

it('what a timeout of the server ended says which, and the next job has a connection', async () => {
  const url = await freshUrl();
  const name = new URL(url).pathname.slice(1);
  const setup = await openPostgres(url);
  await setup.query(`alter database "${name}" set idle_in_transaction_session_timeout = '500ms'`);
  await setup.query(`alter database "${name}" set statement_timeout = '900ms'`);
  await setup.close();
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  const types = [idle, slow, fine].map((type) => ({
    ...type,
    retry: { ...type.retry, attempts: 1 },
  }));
  const { humdrum } = await openEngine(db, { jobs: types });
  const ids = await humdrum.enqueueMany(types.map((type) => ({ type })));
  await humdrum.drain();
  const shown = await Promise.all(ids.map((id) => humdrum.showJob(id)));
  expect(shown.map(({ status, errorMessage }) => `${status}: ${errorMessage}`)).toEqual([
    expect.stringContaining(
      'failed: PostgreSQL ended this transaction: it sent no statement for longer than the setting idle_in_transaction_session_timeout allows.',
    ),
    expect.stringContaining(
      'failed: PostgreSQL cancelled this statement: it took longer than the setting statement_timeout allows.',
    ),
    'completed: null',
  ]);
});
