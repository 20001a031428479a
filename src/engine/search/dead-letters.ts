import type { Queryable } from '../../database/database.ts';
import { matches } from '../deliveries/delivery.ts';
import type { JobSummary } from './job-summary.ts';
import { pageOfJobs } from './list-jobs.ts';

/** A delivery that no attempt could make: a failed job of a receiver. */
export interface DeadLetter {
  job: JobSummary;
  /** The job that the effects came from. */
  from: number;
  /** What the receiver has not taken, in order, the first 100. `key`: its idempotency key. */
  effects: { key: string; kind: string; name: string }[];
}

export interface DeadLetterPage {
  letters: DeadLetter[];
  next: string | null;
}

interface Receiving {
  name: string;
  events: string[];
}

interface Row {
  id: number;
  from: number;
  effects: { key: string; kind: string; name: string }[];
}

const MOST_EFFECTS = 100;

// OFFSET 0 pins the order of look-ups.
const UNDELIVERED = `
select letter.id, source.id as "from", coalesce((
  select json_agg(json_build_object('key', 'humdrum-' || source.id || '-' || ordinal, 'kind', kind, 'name', name) order by ordinal)
  from (
    select ordinal, kind, name from humdrum.effect
    where effect.job_id = source.id and kind in ('event', 'notification') and not exists (
      select from humdrum.delivery where (delivery.job_id, delivery.ordinal, delivery.receiver) = (effect.job_id, effect.ordinal, letter.type)
        and outcome in ('sent', 'superseded')
    ) order by ordinal limit 10000
  ) as left_over
), '[]') as effects
from unnest($1::bigint[]) as wanted (id)
cross join lateral (select id, type, input from humdrum.job where job.id = wanted.id offset 0) as letter
cross join lateral (select (letter.input ->> 'job')::bigint as id) as source`;

/** A page of failed deliveries, at a bounded cost. Errors: as `pageOfJobs`. */
export async function deadLetters(
  db: Queryable,
  options: { receiver?: string; limit?: number; after?: string } = {},
): Promise<DeadLetterPage> {
  const { receiver, ...page } = options;
  const all = await listReceivers(db);
  const mine = all.filter(({ name }) => receiver === undefined || name === receiver);
  if (mine.length === 0) return { letters: [], next: null };
  const type = mine.map(({ name }) => name);
  const { jobs, next } = await pageOfJobs(db, { ...page, status: 'failed', type });
  const { rows } = await db.query<Row>(UNDELIVERED, [jobs.map(({ id }) => id)]);
  const letters = jobs.flatMap((job) => {
    const row = rows.find(({ id }) => id === job.id);
    const to = mine.find(({ name }) => name === job.type);
    if (!row || !to) return [];
    const effects = row.effects.filter((effect) => wants(to, effect)).slice(0, MOST_EFFECTS);
    return [{ job, from: row.from, effects }];
  });
  return { letters, next };
}

/** Who gets effects, as any process of the database has registered them. */
export async function listReceivers(db: Queryable): Promise<Receiving[]> {
  const { rows } = await db.query<Receiving>(
    'select name, events from humdrum.receiver order by name limit 1000',
  );
  return rows;
}

function wants(to: Receiving, effect: { kind: string; name: string }): boolean {
  if (effect.kind === 'notification') return to.name === `notify.${effect.name}`;
  return matches(to.events, effect.name);
}
