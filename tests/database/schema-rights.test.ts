import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { migrationSets } from '../../src/engine/job/pack.ts';
import { createHumdrum } from '../../src/index.ts';
import { picks } from '../../src/packs/picks/index.ts';
import { freshUrl } from '../support/databases.ts';
import { asOwner, freshRole } from '../support/roles.ts';

const sets = migrationSets([picks]);

/** A database without tables, and a role that may not create schemas in it. */
async function emptyDatabase(): Promise<{ url: string; role: string; app: Database }> {
  const url = await freshUrl();
  const { role, as } = await freshRole(url);
  await asOwner(url, (db) => db.query('drop schema humdrum cascade'));
  const app = await openPostgres(as);
  onTestFinished(() => app.close());
  return { url, role, app };
}

describe('a role without CREATE on the database', { timeout: 60_000 }, () => {
  it('migrates into schemas that are there and its own', async () => {
    const { url, role, app } = await emptyDatabase();
    await asOwner(url, async (db) => {
      await db.query(`create schema humdrum authorization ${role}`);
      await db.query(`create schema picks authorization ${role}`);
    });
    expect((await migrate(app, sets)).length).toBeGreaterThan(10);
    expect(await migrate(app, sets)).toEqual([]);
    const humdrum = await createHumdrum({ database: app, packs: [picks] });
    await humdrum.close();
  });

  it('reads which right is missing, and how to give it', async () => {
    const { url, role, app } = await emptyDatabase();
    await expect(migrate(app, sets)).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringContaining(`create schema humdrum authorization ${role};`) as string,
    });
    await asOwner(url, (db) => db.query(`create schema humdrum authorization ${role}`));
    await expect(migrate(app, sets)).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringContaining(`create schema picks authorization ${role};`) as string,
    });
    await asOwner(url, (db) => db.query('create schema picks'));
    await expect(migrate(app, sets)).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringContaining(`grant usage, create on schema picks to ${role};`) as string,
    });
    await asOwner(url, (db) => db.query(`grant usage, create on schema picks to ${role}`));
    expect((await migrate(app, sets)).length).toBeGreaterThan(10);
  });

  it('is told who migrates where the tables belong to another', async () => {
    const url = await freshUrl();
    const { role, as } = await freshRole(url);
    const app = await openPostgres(as);
    onTestFinished(() => app.close());
    await expect(migrate(app, sets)).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringMatching(/permission denied for schema humdrum.*db grant/) as string,
    });
    await asOwner(url, async (db) => {
      await db.query(`grant usage, create on schema humdrum to ${role}`);
      await db.query(`grant select, insert, delete on humdrum.migration to ${role}`);
      await db.query(`delete from humdrum.migration where set = 'engine' and number = 12`);
    });
    await expect(migrate(app, migrationSets([]))).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringMatching(/must be owner of table.*db migrate/) as string,
    });
  });
});
