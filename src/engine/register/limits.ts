import type { Database } from '../../database/database.ts';
import { IN_TURN, type Limits } from '../job/limit-rule.ts';

// Limits that this process does not define stay unchanged: another process may use them.
const REGISTER = `
with given as (
  select * from unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::boolean[])
    as given (name, concurrency, tokens, per_ms, ordered)
),
changed as (
  insert into humdrum.limits as known (name, concurrency, tokens, per_ms, ordered) select * from given
  on conflict (name) do update
  set concurrency = excluded.concurrency, tokens = excluded.tokens, per_ms = excluded.per_ms, ordered = excluded.ordered
  where (known.concurrency, known.tokens, known.per_ms, known.ordered)
    is distinct from (excluded.concurrency, excluded.tokens, excluded.per_ms, excluded.ordered)
  returning name, concurrency, tokens, per_ms, ordered
),
audit as (
  insert into humdrum.audit (at, event, actor, reason)
  select humdrum.clock(), 'configured', $6, 'limit ' || name || concat(
  ': concurrency ' || concurrency, ': ' || tokens || ' per ' || per_ms || ' ms', case when ordered then ', in strict order' end
) from changed order by name
)
select name from changed`;

// Wakes the lines of changed limits. Sent after the change has committed: a claim that parks a job by the old rule leaves a
// wake call of its own.
const CALL = `
insert into humdrum.wake_call (gate)
select distinct gate from humdrum.parked where split_part(gate, '/', 1) = any ($1)`;

/** Records the limits of this process and audits the changes. */
export async function registerLimits(db: Database, limits: Limits, actor: string): Promise<void> {
  const rules = [...limits].filter(([name]) => name !== IN_TURN);
  if (rules.length === 0) return;
  const { rows } = await db.query<{ name: string }>(REGISTER, [
    rules.map(([name]) => name),
    rules.map(([, rule]) => (rule.ordered ? 1 : (rule.concurrency ?? null))),
    rules.map(([, rule]) => rule.rate?.tokens ?? null),
    rules.map(([, rule]) => rule.rate?.perMs ?? null),
    rules.map(([, rule]) => rule.ordered ?? false),
    actor,
  ]);
  if (rows.length > 0) await db.query(CALL, [rows.map(({ name }) => name)]);
}
