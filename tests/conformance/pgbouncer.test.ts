import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { migrationSets } from '../../src/engine/job/pack.ts';
import { auditFenced } from '../../src/engine/transitions/fence.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { freshUrl } from '../support/databases.ts';
import { job, makeWitness, openEngine, witnessed } from '../support/engine.ts';
import { findPgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { addWorker, claim, completed, expireWorker, plain, rescueLost } from '../support/verbs.ts';

const program = findPgbouncer();

// `npm run test:pgbouncer` runs the whole suite on this road; here is what a worker does most.
describe.skipIf(program === null)(
  `through PgBouncer in transaction mode${program ? '' : ' (skipped: install pgbouncer)'}`,
  { timeout: 20_000 },
  () => {
    let direct = '';
    let pooled = '';
    let db: Database;

    beforeEach(async () => {
      const { pathname } = new URL(await freshUrl());
      const pgbouncer = await startPgbouncer(program ?? '', inject('postgresUrl'));
      onTestFinished(() => pgbouncer.stop());
      direct = new URL(pathname, inject('postgresUrl')).href;
      pooled = new URL(pathname, pgbouncer.url).href;
      db = await open(pooled);
    });

    async function open(url: string, listenUrl?: string): Promise<Database> {
      const opened = await openPostgres(url, listenUrl === undefined ? {} : { listenUrl });
      onTestFinished(() => opened.close());
      return opened;
    }

    it('has its tables brought up to date by several at once', async () => {
      await db.query('drop schema humdrum cascade');
      const others = await Promise.all([open(pooled), open(pooled)]);
      const applied = await Promise.all(others.map((one) => migrate(one, migrationSets([]))));
      expect(applied.filter((migrations) => migrations.length > 0)).toHaveLength(1);
    });

    it('works by polling: no notification comes through', async () => {
      await makeWitness(db);
      const write = job('test.write', async (ctx) => {
        await ctx.db.query('insert into witness values ($1)', [String(ctx.job.id)]);
        if (ctx.job.attempt === 1) throw new Error('not yet');
      });
      const { humdrum, events } = await openEngine(db, { jobs: [write], worker: { pollMs: 100 } });
      const producer = await openEngine(await open(pooled), { jobs: [write] });
      await humdrum.start();
      const ids = await producer.humdrum.enqueueMany(
        Array.from({ length: 50 }, () => ({ type: write })),
      );
      await events.settled(100);
      expect((await db.listen('news', () => undefined)).direct).toBe(false);
      expect(await witnessed(db)).toEqual(ids.map(String).toSorted());
      expect(events.count('trouble')).toBe(0);
      await humdrum.stop();
    });

    it('hears of jobs at once by a direct URL for LISTEN', async () => {
      const echo = job('test.echo', () => null);
      const listening = await open(pooled, direct);
      const { humdrum, events } = await openEngine(listening, {
        jobs: [echo],
        worker: { pollMs: 3_600_000 },
      });
      const producer = await openEngine(db, { jobs: [echo] });
      await humdrum.start();
      await producer.humdrum.enqueue(echo);
      await events.settled(1);
      expect(events.count('trouble')).toBe(0);
      await humdrum.stop();
    });

    it('fences a worker whose time has passed', async () => {
      await openEngine(db, { jobs: [plain] }).then(({ humdrum }) => humdrum.enqueue(plain));
      const worker = await addWorker(db);
      const late = (await claim(db, worker)).map((one) => completed(one));
      await expireWorker(db, worker);
      const refused = await settle(
        db,
        late,
        late.map(({ job: { leaseId } }) => leaseId),
      );
      expect(await auditFenced(db, refused)).toEqual(late);
      expect(await rescueLost(db)).toEqual({ rescued: 1, again: 1, charged: 1 });
    });
  },
);
