import { expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';

it('db tells what is missing, plans it, applies it, and refuses a file that was changed', async () => {
  const env = { DATABASE_URL: await freshUrl({ packs: [] }) };
  const status = async (): Promise<unknown> =>
    JSON.parse((await cli(['db', 'status', '--json'], { env })).stdout);
  expect(await status()).toMatchObject({
    backend: 'postgres',
    migrations: expect.arrayContaining([
      expect.objectContaining({ set: 'picks', state: 'pending', appliedAt: null }),
    ]) as unknown,
  });
  const planned = await cli(['db', 'plan'], { env });
  for (const pack of ['picks', 'quiz', 'arcade']) {
    expect(planned.stdout).toMatch(new RegExp(`^-- ${pack}/0001_${pack}\\.sql$`, 'm'));
  }
  expect(await cli(['db', 'migrate'], { env })).toEqual({
    code: 0,
    stdout:
      'applied picks/0001_picks.sql\napplied quiz/0001_quiz.sql\napplied quiz/0002_pages.sql\napplied quiz/0003_replica_identity.sql\napplied arcade/0001_arcade.sql\n',
    stderr: '',
  });
  expect((await cli(['db', 'migrate'], { env })).stdout).toBe('The tables are up to date.\n');
  // As if the file had been another one when it was applied.
  const db = await openPostgres(env.DATABASE_URL);
  await db.query(`update humdrum.migration set checksum = 'another' where set = 'picks'`);
  await db.close();
  const changed = await cli(['jobs', 'list'], { env });
  expect(changed).toMatchObject({ code: 1, stdout: '' });
  expect(changed.stderr).toMatch(
    /Migration picks\/0001_picks\.sql has changed since it was applied .* put your change into a new migration/,
  );
  const told = (await cli(['db', 'status'], { env })).stdout;
  expect(told).toMatch(/picks +0001_picks\.sql +changed/);
  expect(told).toContain('not up to date');
  expect(told).not.toContain(new URL(env.DATABASE_URL).password || 'no password');
});

it('db hold and unhold say who holds a database and why, and the doctor tells', async () => {
  const env = { DATABASE_URL: await freshUrl({ packs: [] }) };
  const db = async (...args: string[]) => cli(['db', ...args], { env });
  expect(await db('hold')).toMatchObject({ code: 2 });
  expect(await db('hold', '--reason', ' ')).toMatchObject({ code: 2, stdout: '' });
  const held = /^The database is held since \S+Z by cli:\S+: a restored copy\./;
  expect((await db('hold', '--reason', 'a restored copy')).stdout).toMatch(held);
  // Packs that are not there yet do not keep it from being held.
  const again = await db('hold', '--reason', 'another');
  expect(again.stdout).toMatch(held);
  expect(again.stdout).toMatch(/Nothing was changed\.$/m);
  await db('migrate');
  const doctor = await cli(['doctor'], { env });
  expect(doctor.stdout).toMatch(
    /warning +hold +The database is held since .*\n +→ humdrum db unhold/,
  );
  const run = await cli(['run', 'picks.settle-games'], { env });
  expect(run).toMatchObject({ code: 4, stdout: '' });
  expect(run.stderr).toMatch(/is held since .* To end the hold: humdrum db unhold/);
  expect(JSON.parse((await db('unhold', '--reason', 'checked', '--json')).stdout)).toEqual({
    changed: true,
    held: null,
  });
  expect((await db('unhold', '--reason', 'checked')).stdout).toMatch(/^The database is not held\./);
});
