import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import {
  BEFORE_FIRST,
  chainOf,
  makeSeal,
  packIds,
  sealHash,
  unpackIds,
} from '../../src/engine/audit/seal.ts';
import { verifyAudit, type SealedBlock } from '../../src/engine/audit/verify.ts';
import { addSeals, linesOf, verify, verifyLines } from '../support/audit.ts';
import { eachBackend, freshUrl } from '../support/databases.ts';

const FORGED = `'user:eve'`;
const COLUMNS = 'id, at, job_id, attempt, event, actor, reason';

const ROW_TAMPERINGS = [
  ['its reason', `update humdrum.audit set reason = 'other' where id = 12`, 'row-changed', 12],
  [
    'its reason, to none',
    'update humdrum.audit set reason = null where id = 13',
    'row-changed',
    13,
  ],
  ['its actor', `update humdrum.audit set actor = ${FORGED} where id = 1`, 'row-changed', 1],
  ['its job', 'update humdrum.audit set job_id = 4 where id = 20', 'row-changed', 20],
  ['its attempt', 'update humdrum.audit set attempt = 1 where id = 11', 'row-changed', 11],
  ['its event', `update humdrum.audit set event = 'cancelled' where id = 15`, 'row-changed', 15],
  [
    'its time, by a microsecond',
    `update humdrum.audit set at = at + interval '1 us' where id = 20`,
    'row-changed',
    20,
  ],
  [
    'its time, by two eras',
    `update humdrum.audit set at = (to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz where id = 9`,
    'row-changed',
    9,
  ],
  [
    'its time, to no time',
    `update humdrum.audit set at = 'infinity' where id = 9`,
    'row-changed',
    9,
  ],
  ['its id', 'update humdrum.audit set id = 1000 where id = 14', 'row-removed', 14],
  ['all of it', 'delete from humdrum.audit where id = 10', 'row-removed', 10],
  ['the last of a seal', 'delete from humdrum.audit where id = 20', 'row-removed', 20],
  ['many', `update humdrum.audit set actor = ${FORGED} where id > 12`, 'row-changed', 13],
  [
    'two neighbours',
    'update humdrum.audit set id = 31 - id where id in (15, 16)',
    'row-changed',
    15,
  ],
  [
    'a gap, which gets a row',
    `insert into humdrum.audit (id, at, event, actor) values (25, now(), 'created', ${FORGED})`,
    'row-inserted',
    25,
  ],
  [
    'what is below the first',
    `insert into humdrum.audit (id, at, event, actor) values (-3, now(), 'created', ${FORGED})`,
    'row-inserted',
    -3,
  ],
  [
    'its number, which another gets too',
    `insert into humdrum.audit (${COLUMNS}) select id, at, 77, attempt, event, actor, reason from humdrum.audit where id = 3`,
    'row-inserted',
    3,
  ],
  [
    'nothing, and it is there twice',
    `insert into humdrum.audit (${COLUMNS}) select ${COLUMNS} from humdrum.audit where id = 8`,
    'row-inserted',
    8,
  ],
] as const;

const SEAL_TAMPERINGS = [
  [`rows = rows + 1, digests = digests || decode(repeat('00', 8), 'hex')`, 'seal-changed', 2],
  [`sealed_at = sealed_at - interval '1 us'`, 'seal-changed', 2],
  ['to_id = to_id - 5', 'seal-changed', 2],
  ['to_id = to_id + 5', 'seal-changed', 2],
  ['from_id = from_id - 1', 'seal-changed', 2],
  ['previous = sha256($$forged$$)', 'seal-changed', 2],
  ['chain = sha256($$forged$$)', 'seal-changed', 2],
  ['hash = sha256($$forged$$)', 'seal-changed', 2],
  [`ids = ids || '\\x02'`, 'seal-changed', 2],
  [`digests = set_byte(digests, 3, 255 - get_byte(digests, 3))`, 'seal-changed', 2],
  ['id = 17', 'seal-removed', 2],
  ['id = -1', 'seal-inserted', -1],
] as const;

/** What is found after `sql`, which is then undone. */
async function faultsAfter(db: Database, sql: string) {
  const tx = await db.begin();
  await tx.query('set local session_replication_role = replica');
  await tx.query(sql);
  const stored = (await verify(tx)).fault;
  const exported = (await verifyLines(await linesOf(tx))).fault;
  await tx.rollback();
  return { stored, exported };
}

eachBackend('tampering', (fresh) => {
  it('with rows is named by the first that was changed, removed or inserted', async () => {
    const db = await fresh();
    await addSeals(db, 10, 10);
    await db.query(`select setval('humdrum.audit_id', 30)`);
    await addSeals(db, 10);
    for (const [what, sql, kind, row] of ROW_TAMPERINGS) {
      const seal = row <= 10 ? 1 : row <= 20 ? 2 : 3;
      const { stored, exported } = await faultsAfter(db, sql);
      expect(stored, what).toEqual({ kind, row, seal });
      expect(exported, what).toEqual({ kind, row, seal });
    }
    expect((await verify(db)).fault).toBeNull();
  });

  it('with seals is found', async () => {
    const db = await fresh();
    await addSeals(db, 10, 10, 10);
    for (const [set, kind, seal] of SEAL_TAMPERINGS) {
      const { stored, exported } = await faultsAfter(
        db,
        `update humdrum.seal set ${set} where id = 2`,
      );
      expect(stored, set).toEqual({ kind, seal });
      expect(exported, set).toEqual({ kind, seal });
    }
    expect((await verify(db)).fault).toBeNull();
  });
});

/** What one may do to an audit of 40 rows under 4 seals, and the first row that is touched by it. */
const anyId = fc.integer({ min: 1, max: 40 });
const tampering = fc.oneof(
  fc.record({ does: fc.constant('change' as const), id: anyId }),
  fc.record({ does: fc.constant('remove' as const), id: anyId }),
  fc.record({ does: fc.constant('double' as const), id: anyId }),
);
const KIND = { change: 'row-changed', remove: 'row-removed', double: 'row-inserted' } as const;

describe('any tampering', () => {
  it('is found at its first row', async () => {
    const db = await openPostgres(await freshUrl());
    await addSeals(db, 10, 10, 10, 10);
    const lines = await linesOf(db);
    await db.close();
    const idOf = (line: string) =>
      line.startsWith('[') ? (JSON.parse(line) as [number])[0] : null;
    const check = fc.asyncProperty(
      fc.uniqueArray(tampering, { selector: ({ id }) => id, minLength: 1, maxLength: 8 }),
      async (acts) => {
        const byId = new Map(acts.map((act) => [act.id, act.does]));
        const forged = lines.flatMap((line) => {
          const does = byId.get(idOf(line) ?? 0);
          if (does === 'remove') return [];
          if (does === 'double') return [line, line.replace('user:ada', 'user:bob')];
          return [does === 'change' ? line.replace('user:ada', 'user:eve') : line];
        });
        const row = Math.min(...byId.keys());
        const kind = KIND[byId.get(row) ?? 'change'];
        expect((await verifyLines(forged)).fault).toEqual({ kind, row, seal: Math.ceil(row / 10) });
      },
    );
    await fc.assert(check, { numRuns: 200 });
  });

  it('is found also where the short digests agree', async () => {
    const rows = [{ id: 1, text: '[1]' }];
    const at = { toId: 1, sealedAt: '2026-01-31T09:00:00.000000Z' };
    const { hash: _, ...head } = makeSeal(BEFORE_FIRST, at, rows);
    const other = { ...head, chain: chainOf(head.previous, [{ id: 1, text: '[2]' }]) };
    const seal = { ...other, hash: sealHash(other) };
    async function* blocks(): AsyncGenerator<SealedBlock> {
      yield { seal, rows };
    }
    const { fault } = await verifyAudit({ blocks: blocks(), unsealed: async () => 0 });
    expect(fault).toEqual({ kind: 'rows-changed', seal: 1 });
  });

  it('has ids that come back as they were packed', () => {
    const ids = fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 50 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), ids, (fromId, some) => {
        const rows = some.map((id) => ({ id, text: '' }));
        expect(unpackIds(fromId, packIds(fromId, rows))).toEqual(some);
      }),
    );
  });
});
