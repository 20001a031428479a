import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';

/** Checks the caller's client at run time: clients of other libraries may have a compatible type. Errors: `client-invalid`. */
export function callerTransaction(client: Queryable): Queryable {
  if (typeof client?.query !== 'function') throw invalid('has no query(sql, params)');
  return {
    query: async <Row>(sql: string, params?: unknown[]) => {
      const result = await client.query<Row>(sql, params);
      if (!Array.isArray(result?.rows)) throw invalid('does not return { rows }');
      return result;
    },
  };
}

function invalid(problem: string): HumdrumError {
  return new HumdrumError(
    'client-invalid',
    `The client of this transaction ${problem}. Pass enqueueWithin a pg client, or wrap the transaction of another library with humdrum/adapters, for example fromKysely(trx).`,
  );
}
