import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';

it('who listens is told when something may have been missed', { timeout: 20_000 }, async () => {
  const db = await openPostgres(await freshUrl());
  onTestFinished(() => db.close());
  const heard: string[] = [];
  let wake = (): void => undefined;
  const listening = await db.listen('news', (said) => {
    heard.push(said);
    wake();
  });
  onTestFinished(() => listening.stop());
  expect(listening.direct).toBe(true);
  const until = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };

  await db.query(`select pg_notify('news', 'one')`);
  await until(1);
  await db.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where query = 'listen news'`,
  );
  await db.query(`select pg_notify('news', 'two')`);
  await until(2);
  await db.query(`select pg_notify('news', 'three')`);
  await until(3);
  expect(heard).toEqual(['one', '', 'three']);
});
