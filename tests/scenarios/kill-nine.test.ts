import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { replayStatus, type AuditEventName } from '../../src/engine/job/lifecycle.ts';
import { anyBackendWhere, silenceProcesses } from '../support/databases.ts';
import { makeWitness, openEngine, witnessed } from '../support/engine.ts';
import { Running } from '../support/process.ts';
import config, { leaveWord } from './fixtures/witness.config.mjs';

const CONFIG = new URL('fixtures/witness.config.mjs', import.meta.url).pathname;

anyBackendWhere('kill -9 of a worker in the middle of its jobs', (freshPlace, backend) => {
  // More than three workers get through before they are killed; embedded they are slower.
  const [jobs, each] = backend === 'pglite' ? [1_200, 100] : [2_000, 200];

  it('leaves each job with its effect exactly once', { timeout: 120_000 }, async () => {
    const where = await freshPlace();
    await open(where, async (db) => {
      const { humdrum } = await openEngine(db, config);
      await silenceProcesses(db);
      await makeWitness(db);
      await humdrum.enqueueMany(
        Array.from({ length: jobs }, (_, at) => ({
          type: leaveWord,
          input: { word: `word ${at}` },
        })),
      );
    });
    // More than once: between two claims there is a moment at which a worker holds nothing that could be lost.
    for (let kills = 0; kills < 3; kills += 1) {
      const worker = new Running(['worker', '--config', CONFIG, '--database', where], {
        env: { LOG_FORMAT: 'json' },
      });
      await worker.saying(/leave-word completed/, each);
      await worker.end('SIGKILL');
    }

    await open(where, async (db) => {
      const doneBefore = (await witnessed(db)).length;
      expect(doneBefore).toBeGreaterThanOrEqual(3 * each);
      expect(doneBefore).toBeLessThan(jobs);
      const { humdrum, events } = await openEngine(db, config);
      await humdrum.start();
      await events.until((log) => doneBefore + completedIn(log.all) >= jobs);
      await humdrum.stop();

      const words = await witnessed(db);
      expect(words.length).toBe(jobs);
      expect(new Set(words).size).toBe(jobs);
      await checkAttempts(db, jobs);
      await checkAudit(db);
    });
  });
});

async function open(where: string, use: (db: Database) => Promise<void>): Promise<void> {
  const db = await openDatabase(where, { max: 20 });
  try {
    await use(db);
  } finally {
    await db.close();
  }
}

function completedIn(events: readonly { event: string; outcome?: { ended: object } }[]): number {
  return events.filter(({ outcome }) => outcome && 'result' in outcome.ended).length;
}

/** Contiguous from 1, the last completed, those before lost with the worker; and some were, charged or not. */
async function checkAttempts(db: Database, jobs: number): Promise<void> {
  const { rows } = await db.query<{ numbers: number[]; ends: string[] }>(
    `select array_agg(number order by number) as numbers, array_agg(coalesce(error_class, status) order by number) as ends
     from humdrum.attempt group by job_id`,
  );
  expect(rows.length).toBe(jobs);
  for (const { numbers, ends } of rows) {
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(ends).toEqual([...ends.slice(1).map(() => 'WorkerLost'), 'completed']);
  }
  const { rows: losses } = await db.query('select from humdrum.loss limit 1');
  expect(losses.length > 0 || rows.some(({ numbers }) => numbers.length > 1)).toBe(true);
}

async function checkAudit(db: Database): Promise<void> {
  const { rows } = await db.query<{ events: AuditEventName[] }>(
    'select array_agg(event order by id) as events from humdrum.audit group by job_id',
  );
  for (const { events } of rows) {
    // A late record that was refused changes nothing.
    const moves = events.filter((event) => event !== 'fenced').join(' ');
    expect(moves).toMatch(
      /^created started( rescued (?:failed retried|released) started)* completed$/,
    );
    expect(replayStatus(events)).toBe('completed');
  }
}
