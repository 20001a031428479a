import { createHash } from 'node:crypto';

/**
 * Begins a statement that the server is to parse and plan once for each connection. The plan is kept, and it may be made
 * while all tables are empty: so only for statements that have one good plan, however many rows there come to be.
 */
export const PREPARED = '/* prepared */';

/** A prepared statement takes some ten kilobytes of each connection's server process. */
const MOST_PREPARED = 100;

/** What a server answers that does not know a statement by its name, knows another by it, or has a table changed under it. */
const NOT_AS_PREPARED = ['26000', '42P05', '0A000'];

/** The names of prepared statements. None behind a pooler, which may not carry them; the first refusal ends it for good. */
export class PreparedStatements {
  readonly #names = new Map<string, string>();
  #off: boolean;

  /** `direct`: no pooler stands between. */
  constructor(direct: boolean) {
    this.#off = !direct;
  }

  nameOf(sql: string): string | undefined {
    if (this.#off || !sql.startsWith(PREPARED)) return undefined;
    return this.#names.get(sql) ?? this.#newName(sql);
  }

  /** Whether a statement failed for its name alone, before it was run. */
  refused(error: unknown): boolean {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NOT_AS_PREPARED.includes(code)) return false;
    this.#off = true;
    return true;
  }

  #newName(sql: string): string | undefined {
    if (this.#names.size >= MOST_PREPARED) return undefined;
    const name = `humdrum_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
    this.#names.set(sql, name);
    return name;
  }
}
