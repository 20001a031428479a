import type { Settlement } from './settlement.ts';

/**
 * What the jobs `tied` held of limits, their unique keys, and their parents' waiting, where `ended` says that they have
 * ended. Whoever may have waited for that is called. Nothing where there are none.
 */
export function freeHolds(
  params: unknown[],
  tied: readonly number[],
  ended: string,
  forGood = 'true',
): string {
  if (tied.length === 0) return '';
  const ids = `$${params.push(tied)}::bigint[]`;
  return `
slot as (
  delete from humdrum.slot using ${ended} as ended
  where slot.job_id = any (${ids}) and slot.job_id = ended.job_id and (not slot.kept or ${forGood})
  returning slot.gate
),
unique_key as (
  delete from humdrum.unique_key using ${ended} as ended
  where unique_key.job_id = any (${ids}) and unique_key.job_id = ended.job_id and until is null and ${forGood}
),
awaited as (
  delete from humdrum.awaited using ${ended} as ended
  where awaited.job_id = any (${ids}) and awaited.job_id = ended.job_id and ${forGood}
  returning awaited.parent_id
),
call as (
  insert into humdrum.wake_call (gate, parent_id)
  select distinct gate, null::bigint from slot union all select distinct null, parent_id from awaited
),`;
}

export const tiedJobs = (settlements: readonly Settlement[]): number[] =>
  settlements.filter(({ job }) => job.ties).map(({ job }) => job.id);
