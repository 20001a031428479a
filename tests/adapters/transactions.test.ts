import { setImmediate as turn } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Knex } from 'knex';
import type { Kysely } from 'kysely';
import { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fromPg, fromPglite } from '../../src/adapters/index.ts';
import type {
  DrizzleTransaction,
  KnexTransaction,
  KyselyTransaction,
  PgClient,
  PgliteTransaction,
  PrismaTransaction,
} from '../../src/adapters/index.ts';
import { openPglite } from '../../src/database/pglite.ts';
import { newDatabase } from '../../src/database/pglite-template.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Database, JobRequest, Queryable } from '../../src/index.ts';
import { ALL, freshUrl } from '../support/databases.ts';
import { job, makeWitness, openEngine, witnessed } from '../support/engine.ts';
import type { openPrisma } from './prisma-client.ts';
import { EMBEDDED, ON_A_SERVER, type Library } from './libraries.ts';

const HOSTILE = {
  text: `it's "quoted" \\ {a,b} NULL ? ?? $1 :name \u0000 \ud83d\ude00 ünï`,
  list: [1, 'two', null, { deep: [true] }],
};

/** All that an enqueue can have, so that each kind of value passes through each driver. */
const REQUESTS: JobRequest[] = [
  { type: 'test.plain', input: HOSTILE },
  { type: 'test.plain', input: { at: 2 }, priority: -5, seed: 'a "seed"' },
  { type: 'test.plain', runAt: new Date('2100-01-01T00:00:00Z'), input: {} },
  { type: 'test.plain', delayMs: 3_600_000, startBy: new Date('2101-01-01T00:00:00Z') },
  { type: 'test.plain', unique: { key: 'once "and" \\' } },
  { type: 'test.plain', unique: { key: 'once "and" \\', forMs: 1_000 } },
  { type: 'test.plain', debounce: { key: 'calm', waitMs: 60_000 } },
  { type: 'test.plain', limits: [{ name: 'door', key: 'a,"b"', weight: 2 }] },
  {
    type: 'test.plain',
    children: { onFailure: 'fail', jobs: [{ type: 'test.plain', input: { child: 1 } }] },
  },
];

async function behaves(db: Database, library: Library): Promise<void> {
  const ran: unknown[] = [];
  const { humdrum } = await openEngine(db, {
    jobs: [job('test.plain', (_ctx, input) => void ran.push(input))],
    limits: { door: { concurrency: 5 } },
  });
  await makeWitness(db);

  // Rolled back: neither the caller's row nor a job.
  const failed = library.within(async (client, note) => {
    await note('lost');
    await humdrum.enqueueWithin(client, REQUESTS);
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  expect(await humdrum.listJobs()).toEqual([]);
  expect(await witnessed(db)).toEqual([]);

  // Committed: both, with their values.
  let ids: number[] = [];
  let seenBefore: unknown[] = [];
  await library.within(async (client, note) => {
    await note('kept');
    ids = await humdrum.enqueueWithin(client, REQUESTS);
    await humdrum.enqueueWithin(client, REQUESTS.slice(6, 7));
    // Only another connection can look before the end; the embedded database has one.
    seenBefore = db.exclusive ? [] : await humdrum.listJobs();
  });
  expect(seenBefore).toEqual([]);
  expect(ids.every(Number.isSafeInteger)).toBe(true);
  expect(ids[5]).toBe(ids[4]);
  expect(await witnessed(db)).toEqual(['kept']);
  const jobs = await Promise.all(ids.map((id) => humdrum.showJob(id)));
  expect(jobs[0]?.input).toEqual(HOSTILE);
  const { rows } = await db.query('select priority, seed from humdrum.job where id = $1', [ids[1]]);
  expect(rows).toEqual([{ priority: -5, seed: 'a "seed"' }]);
  expect(jobs[2]?.runAt.toISOString()).toBe('2100-01-01T00:00:00.000Z');
  expect(jobs[6]?.status).toBe('cancelled'); // Put off by the second call.

  // They run, and nothing is heard of what was rolled back.
  const { completed, failed: broken } = await humdrum.drain();
  expect({ completed, broken }).toEqual({ completed: 6, broken: 0 });
  expect(ran).toContainEqual(HOSTILE);
  expect(ran).toContainEqual({ child: 1 });
  expect(() => library.outside()).toThrow(expect.objectContaining({ code: 'transaction-missing' }));
}

describe('enqueueing within a transaction of', () => {
  it.each(Object.keys(ON_A_SERVER))('%s, on a server', async (name) => {
    const url = await freshUrl();
    const db = await openPostgres(url);
    const library = await ON_A_SERVER[name]?.(url);
    onTestFinished(async () => {
      await library?.close();
      await db.close();
    });
    if (library) await behaves(db, library);
    expect.hasAssertions();
  });

  // An embedded database of its own for each.
  it.each(Object.keys(EMBEDDED).slice(0, ALL ? undefined : 1))('%s, embedded', async (name) => {
    const pglite = await freshPglite();
    const db = await openPglite({ instance: pglite });
    const library = EMBEDDED[name]?.(pglite);
    if (library) await behaves(db, library);
    expect.hasAssertions();
  });
});

async function freshPglite(): Promise<PGlite> {
  const data = await newDatabase();
  const pglite = await PGlite.create({ ...(data && { loadDataDir: data }) });
  onTestFinished(() => pglite.close());
  return pglite;
}

describe('a PGlite that the program uses too', () => {
  it('is never within a transaction of the other one', async () => {
    const pglite = await freshPglite();
    const db = await openPglite({ instance: pglite });
    const { humdrum, events } = await openEngine(db, {
      jobs: [
        job('test.note', async (ctx, { word }) => {
          await ctx.db.query('insert into witness values ($1)', [word]);
          await turn();
          if (ctx.job.attempt === 1) throw new Error('rolled back, and tried again');
        }),
      ],
    });
    await makeWitness(db);
    await humdrum.start();
    const numbers = Array.from({ length: 20 }, (_, at) => String(at).padStart(2, '0'));
    for (const word of numbers) {
      const transaction = pglite.transaction(async (tx) => {
        await tx.query('insert into witness values ($1)', [`mine ${word}`]);
        await turn();
        await humdrum.enqueueWithin(fromPglite(tx), [
          { type: 'test.note', input: { word: `job ${word}` } },
        ]);
        await turn();
        if (Number(word) % 2 === 1) throw new Error('changed my mind');
      });
      await transaction.catch(() => undefined);
      await pglite.query('select');
    }
    await events.settled(20);
    const kept = numbers.filter((word) => Number(word) % 2 === 0);
    expect(await witnessed(db)).toEqual(
      ['job', 'mine'].flatMap((who) => kept.map((word) => `${who} ${word}`)),
    );
    await humdrum.stop();
    await db.close();
    expect(pglite.closed).toBe(false);
    await expect(db.query('select')).rejects.toMatchObject({ code: 'database-closed' });
  });
});

/** What an adapter must not take, as the compiler sees it. */
type Refused<Outside, Inside> = Outside extends Inside ? false : true;

it('is refused by the types where there is no transaction', () => {
  const refused: Record<string, true> = {
    pg: true satisfies Refused<Pool, PgClient>,
    pglite: true satisfies Refused<PGlite, PgliteTransaction>,
    drizzle: true satisfies Refused<NodePgDatabase, DrizzleTransaction>,
    kysely: true satisfies Refused<Kysely<unknown>, KyselyTransaction>,
    knex: true satisfies Refused<Knex, KnexTransaction>,
    prisma: true satisfies Refused<ReturnType<typeof openPrisma>, PrismaTransaction>,
  };
  expect(Object.keys(ON_A_SERVER)).toEqual(
    expect.arrayContaining(Object.keys(refused).filter((name) => name !== 'pglite')),
  );
});

describe('enqueueWithin', () => {
  it('refuses a pool, and clients that answer otherwise', async () => {
    const url = await freshUrl();
    const db = await openPostgres(url);
    const pool = new Pool({ connectionString: url });
    onTestFinished(async () => {
      await pool.end();
      await db.close();
    });
    expect(() => fromPg(pool as never)).toThrow(
      expect.objectContaining({ code: 'transaction-missing' }),
    );
    const { humdrum } = await openEngine(db, { jobs: [job('test.plain', () => null)] });
    const rowsAlone = { query: async () => [{ id: 1 }] };
    for (const client of [rowsAlone, {}, null]) {
      await expect(
        humdrum.enqueueWithin(client as unknown as Queryable, [{ type: 'test.plain' }]),
      ).rejects.toMatchObject({ code: 'client-invalid' });
    }
  });
});
