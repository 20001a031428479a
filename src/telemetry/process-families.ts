import type { WorkerActivity } from '../engine/ports/runtime.ts';
import type { Distribution } from './distribution.ts';
import { type Family, type Sample, type Seen, single } from './family.ts';
import { type JobCounts, RUN_BOUNDS, TRIP_BOUNDS, type TypeTally, WAIT_BOUNDS } from './tally.ts';

const ofJobs =
  (count: (counts: JobCounts) => number) =>
  ({ tally }: Seen): Sample[] =>
    [...tally.types].flatMap(([type, { queues }]) =>
      [...queues].map(([queue, counts]): Sample => [{ type, queue }, count(counts)]),
    );

/** Only for types that have run here, because each histogram exports dozens of lines. */
const ofRuns =
  (of: (type: TypeTally) => Distribution) =>
  ({ tally }: Seen): Sample<Distribution>[] =>
    [...tally.types]
      .filter(([, type]) => of(type).total > 0)
      .map(([type, typeTally]) => [{ type }, of(typeTally)]);

const withOutcome = (outcome: string, samples: readonly Sample[]): Sample[] =>
  samples.map(([labels, value]) => [{ ...labels, outcome }, value]);

const ofWorker =
  (value: (worker: WorkerActivity) => number) =>
  ({ worker }: Seen): Sample[] =>
    single(worker && value(worker));

/** Counters of this process since it started. Sum them over processes. */
export const OF_THIS_PROCESS: readonly Family[] = [
  {
    name: 'humdrum_jobs_completed_total',
    help: 'Jobs that this process has completed.',
    kind: 'counter',
    labels: ['type', 'queue'],
    samples: ofJobs(({ completed }) => completed),
  },
  {
    name: 'humdrum_jobs_failed_total',
    help: 'Jobs that failed here for good: no attempts were left, or the error was permanent.',
    kind: 'counter',
    labels: ['type', 'queue'],
    samples: ofJobs(({ failed }) => failed),
  },
  {
    name: 'humdrum_attempts_total',
    help: 'Attempts that this process has made and recorded, by outcome: completed or failed.',
    kind: 'counter',
    labels: ['type', 'queue', 'outcome'],
    samples: (seen) => [
      ...withOutcome('completed', ofJobs((counts) => counts.completedAttempts)(seen)),
      ...withOutcome('failed', ofJobs((counts) => counts.failedAttempts)(seen)),
    ],
  },
  {
    name: 'humdrum_settlements_fenced_total',
    help: 'Attempts that were not recorded because the lease of this worker had expired.',
    kind: 'counter',
    labels: ['type', 'queue'],
    samples: ofJobs(({ fenced }) => fenced),
  },
  {
    name: 'humdrum_job_run_seconds',
    help: 'Run time of attempts.',
    kind: 'histogram',
    labels: ['type'],
    bounds: RUN_BOUNDS,
    samples: ofRuns(({ run }) => run),
  },
  {
    name: 'humdrum_job_wait_seconds',
    help: 'Time from when jobs were due until their first attempt was claimed, by the database clock.',
    kind: 'histogram',
    labels: ['type'],
    bounds: WAIT_BOUNDS,
    samples: ofRuns(({ wait }) => wait),
  },
  {
    name: 'humdrum_claim_seconds',
    help: 'Time the database took for claims, including those that found no job.',
    kind: 'histogram',
    labels: ['queue'],
    bounds: TRIP_BOUNDS,
    samples: ({ tally }) => [...tally.claims].map(([queue, { trip }]) => [{ queue }, trip]),
  },
  {
    name: 'humdrum_jobs_claimed_total',
    help: 'Jobs that this worker has claimed.',
    kind: 'counter',
    labels: ['queue'],
    samples: ({ tally }) => [...tally.claims].map(([queue, { jobs }]) => [{ queue }, jobs]),
  },
  {
    name: 'humdrum_settlement_batch_seconds',
    help: 'Time the database took to record batches of finished attempts.',
    kind: 'histogram',
    labels: [],
    bounds: TRIP_BOUNDS,
    samples: ({ tally }) => [[{}, tally.settlements.trip]],
  },
  {
    name: 'humdrum_settlement_batch_jobs_total',
    help: 'Attempts recorded in batches. Attempts that run in a transaction are recorded in it and not counted here.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.settlements.jobs),
  },
  {
    name: 'humdrum_leases_lost_total',
    help: 'Times this worker missed its heartbeats and lost its lease and jobs.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.leasesLost),
  },
  {
    name: 'humdrum_attempts_rescued_total',
    help: 'Attempts of lost workers that this worker ended, so that their jobs can run again.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.rescued),
  },
  {
    name: 'humdrum_jobs_released_total',
    help: 'Jobs that this worker released unfinished.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.released),
  },
  {
    name: 'humdrum_ticks_fired_total',
    help: 'Jobs that this process created for schedules.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.ticks),
  },
  {
    name: 'humdrum_troubles_total',
    help: 'Errors inside the engine, which it retries, by activity.',
    kind: 'counter',
    labels: ['doing'],
    samples: ({ tally }) => [...tally.troubles].map(([doing, times]) => [{ doing }, times]),
  },
];

/** Current state of this process. */
export const OF_THIS_MOMENT: readonly Family[] = [
  {
    name: 'humdrum_worker_joined',
    help: '1 while this worker holds its lease, 0 after it lost it or while it stops. Absent if no worker was started.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ workerId, stopping }) => (workerId !== null && !stopping ? 1 : 0)),
  },
  {
    name: 'humdrum_worker_concurrency',
    help: 'Maximum number of handlers that run at once in this worker.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ concurrency }) => concurrency),
  },
  {
    name: 'humdrum_worker_running_jobs',
    help: 'Handlers running in this worker.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ running }) => running),
  },
  {
    name: 'humdrum_worker_claimed_jobs',
    help: 'Jobs that this worker has claimed and not started.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ inHand }) => inHand),
  },
  {
    name: 'humdrum_worker_unsettled_jobs',
    help: 'Jobs that finished in this worker and are not recorded yet.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ unsettled }) => unsettled),
  },
  {
    name: 'humdrum_database_connections',
    help: 'Connections in the pool of this process by state: busy, idle, and callers waiting for one.',
    kind: 'gauge',
    labels: ['state'],
    samples: ({ connections: { busy, idle, waiting } }) => [
      [{ state: 'busy' }, busy],
      [{ state: 'idle' }, idle],
      [{ state: 'waiting' }, waiting],
    ],
  },
  {
    name: 'humdrum_database_connections_limit',
    help: 'Maximum number of connections in the pool of this process.',
    kind: 'gauge',
    labels: [],
    samples: ({ mostConnections }) => single(mostConnections),
  },
];
