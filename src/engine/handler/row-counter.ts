import type { Queryable } from '../../database/database.ts';
import type { TableChange } from '../job/outcome.ts';

const READ = `
select nspname || '.' || whole.relname as "table",
  sum(n_tup_ins)::bigint as inserted, sum(n_tup_upd)::bigint as updated, sum(n_tup_del)::bigint as deleted
from pg_stat_xact_user_tables as piece
join pg_class as whole on whole.oid = coalesce(pg_partition_root(piece.relid), piece.relid)
join pg_namespace on pg_namespace.oid = whole.relnamespace
where n_tup_ins + n_tup_upd + n_tup_del > 0
group by 1 order by 1`;

type RowCounts = Map<string, TableChange>;

/**
 * Counts the rows that a transaction changes, from PostgreSQL's statistics. These may include earlier transactions of the
 * connection, so the counts at the start are subtracted.
 */
export class RowCounter {
  #base: RowCounts = new Map();

  async start(tx: Queryable): Promise<void> {
    this.#base = await this.read(tx);
  }

  async read(tx: Queryable): Promise<RowCounts> {
    const { rows } = await tx.query<TableChange>(READ);
    return new Map(rows.map((row) => [row.table, row]));
  }

  /** Excludes the changes since `before`, which were rolled back. */
  async discount(tx: Queryable, before: RowCounts): Promise<void> {
    for (const undone of difference(await this.read(tx), before)) {
      const base = this.#base.get(undone.table) ?? {
        ...undone,
        inserted: 0,
        updated: 0,
        deleted: 0,
      };
      this.#base.set(undone.table, {
        table: undone.table,
        inserted: base.inserted + undone.inserted,
        updated: base.updated + undone.updated,
        deleted: base.deleted + undone.deleted,
      });
    }
  }

  async changes(tx: Queryable): Promise<TableChange[]> {
    return difference(await this.read(tx), this.#base);
  }
}

function difference(now: RowCounts, before: RowCounts): TableChange[] {
  const changes: TableChange[] = [];
  for (const [table, row] of now) {
    const base = before.get(table);
    const inserted = row.inserted - (base?.inserted ?? 0);
    const updated = row.updated - (base?.updated ?? 0);
    const deleted = row.deleted - (base?.deleted ?? 0);
    if (inserted + updated + deleted > 0) changes.push({ table, inserted, updated, deleted });
  }
  return changes;
}
