import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database, Queryable } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { storedAudit, verifyAudit } from '../../src/engine/audit/verify.ts';
import { freshUrl } from '../support/databases.ts';

async function addRow(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into humdrum.audit (at, event, actor) values (now(), 'created', 'user:ada') returning id`,
  );
  return rows[0]?.id ?? 0;
}

describe('what is not final is not sealed', () => {
  let url: string;
  let db: Database;

  beforeEach(async () => {
    url = await freshUrl();
    db = await openPostgres(url, { max: 5 });
    onTestFinished(() => db.close());
  });

  const begin = async () => {
    const tx = await db.begin();
    onTestFinished(() => tx.rollback());
    return tx;
  };

  const state = async () => {
    const { fault, rows, unsealed } = await verifyAudit(storedAudit(db));
    expect(fault).toBeNull();
    return { rows, unsealed };
  };

  it('a row of an open transaction holds newer ones back, and is sealed after its commit', async () => {
    await addRow(db);
    expect(await sealLog(db)).toMatchObject({ rows: 1, held: false });
    const slow = await begin();
    const low = await addRow(slow);
    expect(await addRow(db)).toBeGreaterThan(low);
    expect(await sealLog(db, { waitMs: 0 })).toEqual({ seals: 0, rows: 0, held: true });
    expect(await state()).toEqual({ rows: 1, unsealed: 1 });
    await slow.commit();
    expect(await sealLog(db, { waitMs: 0 })).toEqual({ seals: 1, rows: 2, held: false });
    expect(await state()).toEqual({ rows: 3, unsealed: 0 });
  });

  it('a transaction that has drawn an id in a savepoint of its own, and one that is rolled back', async () => {
    const slow = await begin();
    await slow.savepoint(addRow);
    await addRow(db);
    expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ held: true });
    await slow.rollback();
    expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ rows: 1, held: false });
    expect(await state()).toEqual({ rows: 1, unsealed: 0 });
  });

  it('is waited for, and sealed in the same run', async () => {
    const slow = await begin();
    await addRow(slow);
    const sealing = sealLog(db, { waitMs: 30_000 });
    await slow.commit();
    expect(await sealing).toMatchObject({ rows: 1, held: false });
  });

  it('transactions that overlap for ever do not keep the log from being sealed', async () => {
    let open = await begin();
    await addRow(open);
    let sealed = 0;
    for (let round = 0; round < 5; round += 1) {
      expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ held: true });
      const next = await begin();
      await addRow(next);
      await open.commit();
      open = next;
      // What the one before has written is final now; what is open was not there when the bound was drawn.
      const { rows, held } = await sealLog(db, { waitMs: 0 });
      expect({ rows, held }).toEqual({ rows: 1, held: true });
      sealed += rows;
    }
    await open.commit();
    expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ held: false });
    expect(await state()).toEqual({ rows: sealed + 1, unsealed: 0 });
  });

  it('another database of the server, whose tables have the same numbers, holds nothing back', async () => {
    const other = await openPostgres(await freshUrl());
    onTestFinished(() => other.close());
    const slow = await other.begin();
    onTestFinished(() => slow.rollback());
    await addRow(slow);
    await addRow(db);
    expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ rows: 1, held: false });
  });

  it('who reads the log, or locks it against all others, holds nothing back', async () => {
    await addRow(db);
    const reader = await begin();
    await reader.query('select count(*) from humdrum.audit');
    await reader.query('lock table humdrum.audit in share mode');
    expect(await sealLog(db, { waitMs: 0 })).toMatchObject({ rows: 1, held: false });
  });

  it('a sealer inside the transaction that has written seals its rows with it', async () => {
    const tx = await begin();
    await addRow(tx);
    expect(await sealLog(tx, { waitMs: 0 })).toMatchObject({ rows: 1, held: false });
    await tx.rollback();
    expect(await state()).toEqual({ rows: 0, unsealed: 0 });
  });

  it('many writers and a sealer at once leave no row out', async () => {
    const write = async (): Promise<void> => {
      for (let n = 0; n < 60; n += 1) {
        const tx = await begin();
        await addRow(tx);
        // Open for long enough that sealing meets it.
        for (let step = 0; step < 10; step += 1) await tx.query('select');
        await addRow(tx);
        await (n % 5 === 0 ? tx.rollback() : tx.commit());
      }
    };
    const seal = async (): Promise<void> => {
      for (let n = 0; n < 60; n += 1) await sealLog(db, { waitMs: 0 });
    };
    await Promise.all([seal(), write(), write(), write(), write()]);
    expect(await sealLog(db)).toMatchObject({ held: false });
    expect(await state()).toEqual({ rows: 4 * 48 * 2, unsealed: 0 });
  });
});
