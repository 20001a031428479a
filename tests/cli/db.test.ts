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
