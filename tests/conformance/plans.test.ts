import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { JobRequest } from '../../src/index.ts';
import { fresh } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const plain = job('test.plain', () => null);
const limited = job('test.limited', () => null);
const again = job('test.again', ({ job: { attempt } }) => {
  if (attempt === 1) throw new Error('not yet');
});
const KINDS: ((key: string) => JobRequest)[] = [
  () => ({ type: plain }),
  () => ({ type: limited, limits: ['api'] }),
  () => ({ type: again }),
  (uniqueKey) => ({ type: plain, uniqueKey }),
  () => ({ type: plain, delayMs: 100 }),
];
/** A server makes the plan that it keeps when it has run a statement five times. */
const ROUNDS = 8;
const MANY = 1_000;
/** The audit is read thrice by autovacuum alone, which summarizes it for its indexes, where it comes by. */
const FEW_TIMES = 20;

describe('plans that were made while the tables were empty', () => {
  // It is a count of rows, not of time: a statement that reads all jobs for each of many comes to hundreds of thousands.
  it(
    'read no table from one end to the other when there is much',
    { timeout: 60_000 },
    async () => {
      const db = await fresh('postgres');
      const { humdrum, events } = await openEngine(db, {
        jobs: [plain, limited, again],
        limits: { api: { concurrency: 50 } },
      });
      const run = async (times: number, round: string): Promise<void> => {
        const before = events.count('job-settled');
        const jobs = Array.from({ length: times }, (_, index) =>
          KINDS.map((request) => request(`${round}-${index}`)),
        ).flat();
        await humdrum.enqueueMany(jobs);
        await events.settled(before + jobs.length + times);
      };
      await humdrum.start();
      for (let round = 0; round < ROUNDS; round += 1) await run(2, `${round}`);
      const before = await rowsReadInOrder(db);
      await run(MANY, 'many');
      await humdrum.stop();
      const many = MANY * KINDS.length * FEW_TIMES;
      const grown = Object.entries(await rowsReadInOrder(db)).map(
        ([table, rows]) => [table, rows - (before[table] ?? 0)] as const,
      );
      expect(grown.filter(([, rows]) => rows > many)).toEqual([]);
    },
  );
});

/** By scans of whole tables, for each of them. What a connection has read is told when it is idle, or ends. */
async function rowsReadInOrder(db: Database): Promise<Record<string, number>> {
  await db.query('select pg_stat_force_next_flush()');
  const { rows } = await db.query<{ table: string; read: number }>(
    `select relname as table, seq_tup_read::float8 as read from pg_stat_user_tables where schemaname = 'humdrum'`,
  );
  return Object.fromEntries(rows.map(({ table, read }) => [table, read]));
}
