import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';

/** For an engine that is only used to read its configuration. Every access throws `database-closed`. */
export const closedDatabase: Database = new Proxy({} as Database, {
  get: (_, name) => {
    throw new HumdrumError(
      'database-closed',
      `This command does not use the database (${String(name)}).`,
    );
  },
});
