import { describe, expect, it, onTestFinished } from 'vitest';
import { grantRights, missingRights } from '../../src/database/grants.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { dropHistory, extendHistory } from '../../src/engine/upkeep/retention.ts';
import { sealAudit } from '../../src/engine/system/seal-audit.ts';
import { defineSubscriber } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { asOwner, freshRole } from '../support/roles.ts';

const WIDTH = 10_000_000;
const by = { actor: 'cli:test' };

async function databaseAndRole(): Promise<{ url: string; role: string; app: Database }> {
  const url = await freshUrl();
  const { role, as } = await freshRole(url);
  const app = await openPostgres(as);
  onTestFinished(() => app.close());
  return { url, role, app };
}

async function parts(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select relname as name from pg_class where relname ~ '^job_[0-9]+$' and relkind = 'r' order by 1`,
  );
  return rows.map(({ name }) => name);
}

describe('a role with the rights of a worker, and no others', { timeout: 60_000 }, () => {
  it('runs jobs, schedules, limits, effects and upkeep beyond the end of a part', async () => {
    const { url, role, app } = await databaseAndRole();
    await asOwner(url, (db) => grantRights(db, ['humdrum'], { role, ...by }));
    const limited = job('test.limited', () => null);
    const late = job('test.late', (ctx) => {
      if (ctx.job.attempt === 1) throw new Error('not yet');
      ctx.emit('test.done', {});
    });
    const ticking = job('test.tick', () => null, {
      schedule: { cron: '* * * * *', misfire: 'once' },
    });
    const { humdrum, events } = await openEngine(app, {
      jobs: [limited, late, ticking],
      limits: { two: { concurrency: 2 }, each: { rate: { tokens: 1, perMs: 50 } } },
      receivers: [defineSubscriber({ name: 'inbox', events: ['*'], run: () => undefined })],
    });
    await humdrum.start();
    let settled = 0;
    for (const part of [1, 2, 3]) {
      await asOwner(url, (db) =>
        db.query(`select setval('humdrum.job_id', $1)`, [part * WIDTH - 5]),
      );
      await extendHistory(app);
      const many = Array.from({ length: 10 }, (_, at) => ({
        type: limited,
        limits: ['two', { name: 'each', key: `${at % 3}` }],
        unique: { key: `${at}` },
      }));
      await humdrum.enqueueMany(many);
      await humdrum.enqueue(
        late,
        {},
        { children: { jobs: [{ type: limited }], onFailure: 'fail' } },
      );
      settled += 10 + 1 + 2 + 1;
      await events.settled(settled);
    }
    await app.query(
      `update humdrum.schedule set next_at = now() - interval '1 minute' where name = 'test.tick'`,
    );
    await events.until(({ all }) =>
      all.some((one) => one.event === 'job-settled' && one.job.type === 'test.tick'),
    );
    const { id } = await humdrum.enqueue(limited, {}, { delayMs: 3_600_000 });
    await humdrum.cancel(id, by);
    await humdrum.run(sealAudit.type);
    await humdrum.stop();
    await humdrum.drain();
    expect(events.all.filter(({ event }) => event === 'trouble')).toEqual([]);

    expect(await parts(app)).toEqual(['job_0', 'job_1', 'job_2', 'job_3', 'job_4']);
    const round = await dropHistory(app, { keepMs: 0, actor: 'job:1' });
    expect(round).toMatchObject({ dropped: 4, inUse: 0 });
    expect(await parts(app)).toEqual(['job_4', 'job_5']);
    const { rows } = await app.query(
      `select actor, reason from humdrum.audit where event = 'dropped' order by id limit 1`,
    );
    expect(rows).toMatchObject([
      { actor: 'job:1', reason: expect.stringContaining('jobs 9999996 to') as string },
    ]);
  });

  it('has no way to change facts, nor tables', async () => {
    const { url, role, app } = await databaseAndRole();
    await asOwner(url, (db) => grantRights(db, ['humdrum'], { role, ...by }));
    for (const sql of [
      `update humdrum.audit set actor = 'eve'`,
      'delete from humdrum.attempt',
      'delete from humdrum.attempt_0',
      'truncate humdrum.ready',
      'drop table humdrum.job_0',
      'alter table humdrum.audit disable trigger facts_only',
      'update humdrum.migration set checksum = null',
    ]) {
      await expect(app.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    await expect(app.query(`select humdrum.drop_part(0, 'eve', 'none')`)).rejects.toThrow(
      /part 0 of the history is not dropped/,
    );
  });

  it('gets what it lacks once, audited, and in packs too', async () => {
    const { url, role, app } = await databaseAndRole();
    await asOwner(url, async (db) => {
      await db.query('create schema quiz');
      await db.query('create table quiz.lives (id integer)');
      expect((await missingRights(db, ['humdrum', 'quiz'], role)).length).toBeGreaterThan(40);
      const statements = await grantRights(db, ['humdrum', 'quiz'], { role, ...by });
      expect(statements).toContain(`grant usage on schema humdrum to ${role}`);
      expect(statements).toContain(`grant select, insert on table humdrum.attempt to ${role}`);
      expect(statements).toContain(
        `grant select, insert, update, delete on table quiz.lives to ${role}`,
      );
      expect(await grantRights(db, ['humdrum', 'quiz'], { role, ...by })).toEqual([]);
      await db.query(`revoke delete on humdrum.ready from ${role}`);
      expect(await missingRights(app, ['humdrum', 'quiz'])).toMatchObject([
        { object: 'table humdrum.ready', privileges: ['delete'], mayGive: false },
      ]);
      const { rows } = await db.query(
        `select actor, reason from humdrum.audit where event = 'granted'`,
      );
      expect(rows).toEqual([
        { actor: 'cli:test', reason: `rights of a worker to the database role "${role}"` },
      ]);
    });
  });

  it('is not given rights by who may not, nor if it does not exist', async () => {
    const { url, role, app } = await databaseAndRole();
    const other = await freshRole(url);
    await asOwner(url, (db) => grantRights(db, ['humdrum'], { role, ...by }));
    await expect(grantRights(app, ['humdrum'], { role: other.role, ...by })).rejects.toMatchObject({
      code: 'rights-missing',
    });
    await expect(
      grantRights(app, ['humdrum'], { role: 'nobody_at_all', ...by }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
