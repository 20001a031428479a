import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { addRows, addSeals, linesOf, tamper, verify, verifyLines } from '../support/audit.ts';
import { anyBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

anyBackend('seals', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
  });

  it('find nothing where nothing was touched, in the database and in an export of it', async () => {
    expect(await verify(db)).toMatchObject({ fault: null, seals: 0, newestSeal: null });
    await addSeals(db, 7, 1, 30);
    await addRows(db, 4);
    const report = await verify(db);
    expect(report).toMatchObject({ fault: null, seals: 3, rows: 38, unsealed: 4 });
    expect(report.newestSeal?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await verifyLines(await linesOf(db))).toEqual(report);
  });

  it('have at most 10,000 rows each, also over a gap', async () => {
    await addRows(db, 12_000);
    await db.query(`select setval('humdrum.audit_id', 1000000)`);
    await addRows(db, 11_000);
    expect(await sealLog(db)).toEqual({ seals: 4, rows: 23_000, held: false });
    const { rows } = await db.query<{ rows: number }>('select rows from humdrum.seal order by id');
    expect(rows.map((seal) => seal.rows)).toEqual([10_000, 2_000, 10_000, 1_000]);
    const report = await verify(db);
    expect(report).toMatchObject({ fault: null, rows: 23_000, unsealed: 0 });
    expect(await verifyLines(await linesOf(db))).toEqual(report);
  });

  it.each([1, 2])('find that seal %d of three is gone', async (seal) => {
    await addSeals(db, 10, 10, 10);
    await tamper(db, 'delete from humdrum.seal where id = $1', [seal]);
    expect((await verify(db)).fault).toEqual({ kind: 'seal-removed', seal });
  });

  it('find that the newest are gone, or that all were made anew, by a hash that was noted', async () => {
    await addSeals(db, 10, 10);
    const noted = (await verify(db)).newestSeal?.hash ?? '';
    await addSeals(db, 10);
    expect(await verify(db, noted.toUpperCase())).toMatchObject({ fault: null, seals: 3 });
    await tamper(db, 'delete from humdrum.seal where id >= 2');
    expect(await verify(db)).toMatchObject({ fault: null, seals: 1, unsealed: 20 });
    expect((await verify(db, noted)).fault).toEqual({ kind: 'hash-unknown', hash: noted });
    await tamper(db, `update humdrum.audit set actor = 'user:eve' where id = 12`);
    await sealLog(db);
    expect((await verify(db)).fault).toBeNull();
    expect((await verify(db, noted)).fault).toEqual({ kind: 'hash-unknown', hash: noted });
  });

  it('are only ever added, each to the one before', async () => {
    await addSeals(db, 10, 10);
    const copy = (id: number, from: string, previous: string) =>
      db.query(
        `insert into humdrum.seal select ${id}, sealed_at, ${from}, 99, rows, ${previous}, chain, hash, ids, digests
         from humdrum.seal where id = 2`,
      );
    await expect(copy(4, '21', 'hash')).rejects.toThrow(/seal 4 is refused: it does not follow/);
    await expect(copy(3, '22', 'hash')).rejects.toThrow(/seal 3 is refused/);
    await expect(copy(3, '21', 'chain')).rejects.toThrow(/seal 3 is refused/);
    await copy(3, '21', 'hash');
    for (const sql of [
      'update humdrum.seal set rows = rows',
      'delete from humdrum.seal',
      'truncate humdrum.seal',
    ]) {
      await expect(db.query(sql)).rejects.toThrow(/facts are only ever added/);
    }
  });

  it('are made once by two who make them at once', async () => {
    await addRows(db, 25_000);
    const [one, other] = await Promise.all([sealLog(db), sealLog(db)]);
    expect(one.rows + other.rows).toBe(25_000);
    expect(await verify(db)).toMatchObject({ fault: null, seals: 3, rows: 25_000 });
  });

  it('are made by a job that every engine has, on every full hour', async () => {
    const moveTo = await stopClockAt(db, '2026-03-01T10:07:00Z');
    await db.query('delete from humdrum.schedule'); // As in a database that is not a test's.
    const { humdrum, events } = await openEngine(db, { jobs: [job('test.any', () => null)] });
    await humdrum.run('test.any');
    expect(await humdrum.nextTicks()).toEqual([]);
    await humdrum.start();
    await humdrum.stop();
    await moveTo('2026-03-01T11:00:00Z');
    await humdrum.start();
    await events.settled(1);
    // Three of the job before, and of its own what was there before it ran.
    const report = await humdrum.verifyAudit();
    expect(report).toMatchObject({ fault: null, seals: 1, rows: 5, unsealed: 1 });
    expect(events.all.find(({ event }) => event === 'job-settled')).toMatchObject({
      job: { type: 'humdrum.seal-audit' },
      outcome: { ended: { result: { seals: 1, rows: 5, held: false } } },
    });
    const taken = job('humdrum.other', () => null);
    await expect(openEngine(db, { jobs: [taken] })).rejects.toMatchObject({ code: 'type-invalid' });
  });

  it('are rehearsed without being made', async () => {
    await addRows(db, 10);
    const { humdrum } = await openEngine(db);
    expect((await humdrum.rehearse('humdrum.seal-audit')).tables).toEqual([
      { table: 'humdrum.seal', inserted: 1, updated: 0, deleted: 0 },
    ]);
    expect((await humdrum.verifyAudit()).seals).toBe(0);
  });
});

describe('an export', () => {
  it.each([
    ['{"seal": 1', 'is not JSON'],
    ['{"seal": 1}', 'is neither a row nor a seal'],
    ['"seal"', 'is neither a row nor a seal'],
    ['[]', 'is neither a row nor a seal'],
  ])('that says %s is none', async (line, said) => {
    await expect(verifyLines([line])).rejects.toThrow(`Line 1 of the export ${said}.`);
  });

  it('has its seals above newer rows', async () => {
    const db = await openPostgres(await freshUrl());
    await addSeals(db, 2, 2);
    const [first = '', one = '', two = '', ...rest] = await linesOf(db);
    await db.close();
    const moved = [
      first,
      one,
      two,
      '[9,"2026-01-31T09:00:00.000000Z",1,null,"created","user:eve",null]',
      ...rest,
    ];
    await expect(verifyLines(moved)).rejects.toThrow(
      'Line 5 of the export is a seal after rows that are newer than it.',
    );
    expect((await verifyLines([first, two, one, ...rest])).fault).toBeNull();
  });
});
