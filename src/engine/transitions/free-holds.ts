/** Which jobs give back what they hold. `from`: a CTE with their `job_id`. */
export interface Freed {
  from: string;
  /** SQL over a row of `from`: has the job ended? If not, only slots that it does not keep between attempts are freed. */
  ended: string;
  /** SQL of the ids of those that hold anything at all, where they are known: most jobs hold nothing. */
  among?: string;
  /** More rows for `wake_call`, as queries of (gate, parent_id). */
  calls?: readonly string[];
}

/**
 * CTEs that free what jobs hold: slots and tokens of limits, the unique key, the place in their parent's waiting. Each
 * leaves a wake call for the jobs that may start now.
 */
export function freeHolds({ from, ended, among, calls = [] }: Freed): string {
  const held = (table: string): string =>
    `delete from humdrum.${table} using ${from} as freed
  where ${table}.job_id = freed.job_id${among === undefined ? '' : ` and ${table}.job_id = any (${among})`}`;
  const keptUntilEnded = ended === 'true' ? '' : ` and (not slot.kept or ${ended})`;
  const once = ended === 'true' ? '' : ` and ${ended}`;
  const never = ended === 'false';
  return `
slot as (
  ${held('slot')}${never ? ' and not slot.kept' : keptUntilEnded}
  returning slot.gate
),${
    never
      ? ''
      : `
unique_key as (
  ${held('unique_key')} and unique_key.until is null${once}
),
awaited as (
  ${held('awaited')}${once}
  returning awaited.parent_id
),`
  }
call as (
  insert into humdrum.wake_call (gate, parent_id)
  ${['select gate, null::bigint from slot', ...(never ? [] : ['select null, parent_id from awaited']), ...calls].join('\n  union ')}
),`;
}
