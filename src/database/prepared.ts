import { createHash } from 'node:crypto';

/** A statement is worth preparing when it has come so often. */
const OFTEN = 5;
/** A prepared statement takes some ten kilobytes of each connection's server process. */
const MOST_PREPARED = 100;
const MOST_COUNTED = 1_000;

/** What a server answers that does not know a statement by its name, knows another by it, or has a table changed under it. */
const NOT_AS_PREPARED = ['26000', '42P05', '0A000'];

/**
 * Which statements are worth a name, so that the server parses and plans them once for each connection. Not behind a
 * pooler, which may not carry them. The first refusal ends it for good.
 */
export class PreparedStatements {
  readonly #times = new Map<string, number>();
  readonly #names = new Map<string, string>();
  #off: boolean;

  /** `direct`: no pooler stands between. */
  constructor(direct: boolean) {
    this.#off = !direct;
  }

  /** Inside a transaction a refusal would cost it, so there only for tables that no release of a user changes. */
  nameWithin(sql: string): string | undefined {
    return sql.includes('humdrum.') ? this.nameOf(sql) : undefined;
  }

  nameOf(sql: string): string | undefined {
    if (this.#off) return undefined;
    return this.#names.get(sql) ?? this.#count(sql);
  }

  /** Whether a statement failed for its name alone, before it was run. */
  refused(error: unknown): boolean {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NOT_AS_PREPARED.includes(code)) return false;
    this.#off = true;
    return true;
  }

  #count(sql: string): string | undefined {
    const times = (this.#times.get(sql) ?? 0) + 1;
    if (times < OFTEN || this.#names.size >= MOST_PREPARED) {
      if (this.#times.size >= MOST_COUNTED) this.#times.clear();
      this.#times.set(sql, times);
      return undefined;
    }
    const name = `humdrum_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
    this.#times.delete(sql);
    this.#names.set(sql, name);
    return name;
  }
}
