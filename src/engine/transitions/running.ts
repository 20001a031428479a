/**
 * A subquery of the running attempts: `lease_id`, `worker_id`, `claimed_at`, `job_id` and `number`. A lease lists the jobs of
 * one claim until the last is settled, so those with an attempt record are left out. The scalar subquery forces one key
 * lookup each: a join may be planned as a scan of all attempts. `leases`: a table or CTE with the columns of `lease`.
 */
export const running = (leases = 'humdrum.lease'): string => `(
  select lease.id as lease_id, lease.worker_id, lease.claimed_at, held.job_id, held.number
  from ${leases} as lease cross join lateral unnest(lease.jobs, lease.attempts) as held (job_id, number)
  where (
    select true from humdrum.attempt where attempt.job_id = held.job_id and attempt.number = held.number
  ) is null
)`;
