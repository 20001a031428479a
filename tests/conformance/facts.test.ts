import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const FACTS = ['job', 'attempt', 'cancellation', 'effect', 'audit'];

eachBackend('SQL typed by hand', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
    const { humdrum } = await openEngine(db, {
      jobs: [job('test.emit', (ctx) => ctx.emit('happened', { at: 1 }))],
    });
    await humdrum.run('test.emit');
    const { id } = await humdrum.enqueue('test.emit');
    await humdrum.cancel(id, { actor: 'test' });
  });

  it.each(FACTS)('cannot update, delete or truncate %s', async (table) => {
    const before = await db.query(`select * from humdrum.${table}`);
    expect(before.rows.length).toBeGreaterThan(0);
    const column = table === 'audit' || table === 'job' ? 'id' : 'job_id';
    for (const sql of [
      `update humdrum.${table} set ${column} = ${column}`,
      `delete from humdrum.${table}`,
      `truncate humdrum.${table}`,
    ]) {
      await expect(db.query(sql)).rejects.toThrow(/facts are only ever added/);
    }
    expect((await db.query(`select * from humdrum.${table}`)).rows).toEqual(before.rows);
  });

  it('cannot put an unknown status or event anywhere', async () => {
    await expect(insertAttempt(db, 2, 1, 'paused')).rejects.toThrow(/check constraint/);
    await expect(insertAttempt(db, 2, 1, 'running')).rejects.toThrow(/check constraint/);
    await expect(
      db.query(
        `insert into humdrum.audit (at, job_id, event, actor) values (now(), 1, 'resumed', 'me')`,
      ),
    ).rejects.toThrow(/check constraint/);
  });

  it('cannot complete a job twice', async () => {
    await expect(insertAttempt(db, 1, 1, 'completed')).rejects.toThrow(/attempt_0_pkey/);
    await expect(insertAttempt(db, 1, 2, 'completed')).rejects.toThrow(/attempt 1 has not failed/);
    await expect(insertAttempt(db, 1, 2, 'failed')).rejects.toThrow(/attempt 1 has not failed/);
  });

  it('cannot leave a gap between attempts', async () => {
    await insertAttempt(db, 7, 1, 'failed');
    await expect(insertAttempt(db, 7, 3, 'completed')).rejects.toThrow(/attempt 2 has not failed/);
    await insertAttempt(db, 7, 2, 'completed');
    await expect(insertAttempt(db, 7, 3, 'completed')).rejects.toThrow(/attempt 2 has not failed/);
  });

  it('cannot record a failure without its error, nor an error of a success', async () => {
    const insert = (status: string, error: string | null) =>
      db.query(
        `insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, error_class, error_message)
         values (8, 1, 1, 1, now(), now(), $1, $2, $2)`,
        [status, error],
      );
    await expect(insert('failed', null)).rejects.toThrow(/check constraint/);
    await expect(insert('completed', 'Error')).rejects.toThrow(/check constraint/);
  });
});

async function insertAttempt(
  db: Database,
  jobId: number,
  number: number,
  status: string,
): Promise<void> {
  const error = status === 'failed' ? 'Error' : null;
  await db.query(
    `insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, error_class, error_message)
     values ($1, 1, 1, $2, now(), now(), $3, $4, $4)`,
    [jobId, number, status, error],
  );
}
