/** Which jobs free what they hold. */
export interface Freed {
  /** A CTE with their `job_id`. */
  from: string;
  /** SQL over a row of `from`: has the job ended? If not, it only frees the slots that it does not keep between attempts. */
  ended: string;
  /** SQL of the ids of jobs that hold anything, if known: most jobs hold nothing. */
  among?: string;
  /** More rows for `wake_call`: queries that return (gate, parent_id). */
  calls?: readonly string[];
}

/**
 * CTEs that free what jobs hold: slots of limits, the unique key, the row that makes the parent wait. They insert wake calls
 * for the jobs that this may unblock.
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
