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
  (key) => ({ type: plain, unique: { key } }),
  () => ({ type: plain, delayMs: 100 }),
];
/** A server makes the plan that it keeps when it has run a statement five times. */
const ROUNDS = 8;
const MANY = 1_000;

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
      const jobs = MANY * KINDS.length;
      const after = await rowsReadInOrder(db);
      expect(after.others - before.others).toBeLessThan(jobs * 5);
      // Autovacuum alone reads it thrice, where it comes by: it summarizes it for its indexes.
      expect(after.audit - before.audit).toBeLessThan(jobs * 20);
    },
  );
});

/** By scans of whole tables. What a connection has read is told when it is idle, or ends. */
async function rowsReadInOrder(db: Database): Promise<{ audit: number; others: number }> {
  await db.query('select pg_stat_force_next_flush()');
  const { rows } = await db.query<{ audit: number; others: number }>(
    `select sum(seq_tup_read) filter (where relname = 'audit')::float8 as audit,
       sum(seq_tup_read) filter (where relname <> 'audit')::float8 as others
     from pg_stat_user_tables where schemaname = 'humdrum'`,
  );
  return rows[0] ?? { audit: 0, others: 0 };
}
