/** SQL for each column that `ready` and `parked` need. By default the CTE's column of the same name. */
interface QueueColumns {
  job_id: string;
  rank: string;
  attempt: string;
  queue: string;
  type: string;
  start_by: string;
  gate: string;
  weight: string;
}

export interface Queued {
  /** A CTE with a row for each job. */
  from: string;
  /** SQL over its rows: which of them may start now. Default: all. */
  where?: string;
  columns?: Partial<QueueColumns>;
}

const valuesOf = (names: readonly (keyof QueueColumns)[], { columns = {} }: Queued): string =>
  names.map((name) => columns[name] ?? name).join(', ');

const filterOf = (conditions: readonly (string | undefined)[]): string => {
  const present = conditions.filter((condition) => condition !== undefined);
  return present.length > 0 ? ` where ${present.join(' and ')}` : '';
};

/** A CTE that inserts the jobs without limits into `ready`, from which claims take them. */
export const intoReady = (jobs: Queued, mayHaveLimits = true): string => `
ready as (
  insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by)
  select ${valuesOf(['job_id', 'rank', 'attempt', 'queue', 'type', 'start_by'], jobs)}
  from ${jobs.from}${filterOf([jobs.where, mayHaveLimits ? `${gateOf(jobs)} is null` : undefined])}
),`;

/** A CTE that parks the jobs with limits in the line of their first limit. Its wake call is `LINE_CALL`. */
export const intoLine = (jobs: Queued): string => `
parked as (
  insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
  select ${valuesOf(['job_id', 'gate', 'rank', 'attempt', 'weight', 'queue', 'type', 'start_by'], jobs)}
  from ${jobs.from}${filterOf([jobs.where, `${gateOf(jobs)} is not null`])}
  returning gate
),`;

const gateOf = ({ columns }: Queued): string => columns?.gate ?? 'gate';

/** Wake calls for the lines that grew. Whether a head may start is decided after this transaction has committed. */
export const LINE_CALL = 'select distinct gate, null::bigint from parked';

/** Both CTEs: jobs without limits become ready, the others are parked in the line of their first limit. */
export const makeReady = (jobs: Queued): string => intoReady(jobs) + intoLine(jobs);
