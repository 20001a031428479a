import { createHash } from 'node:crypto';

/**
 * Prefix of statements that the server parses and plans once per connection. The plan is kept and may be made while all tables
 * are empty, so use it only for statements that have one good plan for any number of rows.
 */
export const PREPARED = '/* prepared */';

/** Each prepared statement takes about 10 kB in the server process of each connection. */
const MOST_PREPARED = 100;

/** SQLSTATEs for an unknown statement name, a name in use, and a result type that changed with the table. */
const NOT_AS_PREPARED = ['26000', '42P05', '0A000'];

/** Names for prepared statements. Not used behind a pooler, which may not support them, nor after the first refusal. */
export class PreparedStatements {
  readonly #names = new Map<string, string>();
  #off: boolean;

  /** `direct`: no pooler sits between this process and the server. */
  constructor(direct: boolean) {
    this.#off = !direct;
  }

  nameOf(sql: string): string | undefined {
    if (this.#off || !sql.startsWith(PREPARED)) return undefined;
    return this.#names.get(sql) ?? this.#newName(sql);
  }

  /** Whether a statement failed only because of its name, before it ran. */
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
