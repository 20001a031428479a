import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';

/** A transaction that somebody else holds: types do not tell every library apart. Errors: `client-invalid`. */
export function callerTransaction(client: Queryable): Queryable {
  if (typeof client?.query !== 'function') throw invalid('has no query(sql, params)');
  return {
    query: async <Row>(sql: string, params?: unknown[]) => {
      const answer = await client.query<Row>(sql, params);
      if (!Array.isArray(answer?.rows)) throw invalid('does not answer with { rows }');
      return answer;
    },
  };
}

function invalid(what: string): HumdrumError {
  return new HumdrumError(
    'client-invalid',
    `The client of this transaction ${what}. Give enqueueWithin one of pg, or wrap that of another library: fromKysely(trx) of humdrum/adapters`,
  );
}
