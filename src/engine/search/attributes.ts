import type { Queryable } from '../../database/database.ts';

/** A path of a type's input that its jobs can be listed by. */
export interface Attribute {
  type: string;
  path: string;
  /** Jobs with lower ids are not indexed by it. Infinity: none is yet. */
  fromId: number;
}

export async function attributesAt(db: Queryable, paths: readonly string[]): Promise<Attribute[]> {
  const { rows } = await db.query<Attribute & { fromId: number | null }>(
    'select type, path, from_id as "fromId" from humdrum.attribute where path = any ($1) order by type, path',
    [paths],
  );
  return rows.map((row) => ({ ...row, fromId: row.fromId ?? Infinity }));
}
