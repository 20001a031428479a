import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';

/** For an engine whose configuration is all that is looked at. Errors: `database-closed`, whatever is asked. */
export const closedDatabase: Database = new Proxy({} as Database, {
  get: (_, name) => {
    throw new HumdrumError('database-closed', `Nothing is asked here (${String(name)}).`);
  },
});
