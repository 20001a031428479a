import type { Queryable } from '../../database/database.ts';
import { BEFORE_ALL, instantText } from './canonical-row.ts';
import { BEFORE_FIRST, type Seal, type SealEnd } from './seal.ts';

type Bytes = 'previous' | 'chain' | 'hash' | 'ids' | 'digests';
type StoredSeal = Omit<Seal, Bytes> & Record<Bytes, Uint8Array>;

/** The first seal after `id`. `id` null: the first of all. */
export async function sealAfter(db: Queryable, id: number | null): Promise<Seal | null> {
  const { rows } = await db.query<StoredSeal>(
    `select id, ${instantText('sealed_at')} as "sealedAt", from_id as "fromId", to_id as "toId", rows,
       previous, chain, hash, ids, digests
     from humdrum.seal where id > coalesce($1, ${BEFORE_ALL}) order by seal.id limit 1`,
    [id],
  );
  const [row] = rows;
  if (!row) return null;
  const { previous, chain, hash, ids, digests } = row;
  return {
    ...row,
    previous: Buffer.from(previous),
    chain: Buffer.from(chain),
    hash: Buffer.from(hash),
    ids: Buffer.from(ids),
    digests: Buffer.from(digests),
  };
}

export async function newestSeal(db: Queryable): Promise<SealEnd> {
  const { rows } = await db.query<{ id: number; toId: number; hash: Uint8Array }>(
    'select id, to_id as "toId", hash from humdrum.seal order by id desc limit 1',
  );
  const [row] = rows;
  return row ? { ...row, hash: Buffer.from(row.hash) } : BEFORE_FIRST;
}

/** Returns false if another process has stored a seal with this id. */
export async function storeSeal(db: Queryable, seal: Seal): Promise<boolean> {
  const { rows } = await db.query(
    `insert into humdrum.seal (id, sealed_at, from_id, to_id, rows, previous, chain, hash, ids, digests)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing returning id`,
    [
      seal.id,
      seal.sealedAt,
      seal.fromId,
      seal.toId,
      seal.rows,
      seal.previous,
      seal.chain,
      seal.hash,
      seal.ids,
      seal.digests,
    ],
  );
  return rows.length > 0;
}

/** The database's current time, in the form used in seals. */
export async function sealingTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ now: string }>(
    `select ${instantText('clock.now')} as now from (select humdrum.clock() as now) as clock`,
  );
  return (rows[0] as { now: string }).now;
}
