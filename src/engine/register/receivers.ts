import type { Queryable } from '../../database/database.ts';
import type { Receiver } from '../ports/receivers.ts';

/** Records which receivers there are, so that every worker of the database creates deliveries for them. */
export async function registerReceivers(
  db: Queryable,
  receivers: readonly Receiver[],
): Promise<void> {
  if (receivers.length === 0) return;
  await db.query(
    `insert into humdrum.receiver (name, events, attempts)
     select name, array(select json_array_elements_text(events)), attempts
     from unnest($1::text[], $2::json[], $3::smallint[]) as given (name, events, attempts)
     on conflict (name) do update set events = excluded.events, attempts = excluded.attempts
     where (receiver.events, receiver.attempts) is distinct from (excluded.events, excluded.attempts)`,
    [
      receivers.map(({ type }) => type.type),
      receivers.map(({ events }) => JSON.stringify(events)),
      receivers.map(({ type }) => type.retry.attempts),
    ],
  );
}
