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

/** Of types that have run here: dozens of lines each. */
const ofRuns =
  (of: (type: TypeTally) => Distribution) =>
  ({ tally }: Seen): Sample<Distribution>[] =>
    [...tally.types]
      .filter(([, type]) => of(type).total > 0)
      .map(([type, told]) => [{ type }, of(told)]);

const withOutcome = (outcome: string, samples: readonly Sample[]): Sample[] =>
  samples.map(([labels, value]) => [{ ...labels, outcome }, value]);

const ofWorker =
  (value: (worker: WorkerActivity) => number) =>
  ({ worker }: Seen): Sample[] =>
    single(worker && value(worker));

/** Of what this process has done since it began. Sum them over processes. */
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
    help: 'Jobs that have failed for good here: no attempt was left, or the error was permanent.',
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
    help: "Attempts whose record was refused because this worker's lease had expired.",
    kind: 'counter',
    labels: ['type', 'queue'],
    samples: ofJobs(({ fenced }) => fenced),
  },
  {
    name: 'humdrum_job_run_seconds',
    help: 'How long attempts have run.',
    kind: 'histogram',
    labels: ['type'],
    bounds: RUN_BOUNDS,
    samples: ofRuns(({ run }) => run),
  },
  {
    name: 'humdrum_job_wait_seconds',
    help: 'From when jobs were due until they were claimed for their first attempt, on the clock of the database.',
    kind: 'histogram',
    labels: ['type'],
    bounds: WAIT_BOUNDS,
    samples: ofRuns(({ wait }) => wait),
  },
  {
    name: 'humdrum_claim_seconds',
    help: 'How long claims took in the database, including those that found nothing.',
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
    help: 'How long the database took to record attempts that had ended, in batches.',
    kind: 'histogram',
    labels: [],
    bounds: TRIP_BOUNDS,
    samples: ({ tally }) => [[{}, tally.settlements.trip]],
  },
  {
    name: 'humdrum_settlement_batch_jobs_total',
    help: 'Attempts recorded in batches. One with a transaction of its own is recorded in that transaction.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.settlements.jobs),
  },
  {
    name: 'humdrum_loop_blocked_seconds_total',
    help: 'How long nothing ran in this worker, because a handler computed without a pause.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.blockedSeconds),
  },
  {
    name: 'humdrum_leases_lost_total',
    help: 'How often this worker lost its lease, and its jobs with it.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.leasesLost),
  },
  {
    name: 'humdrum_attempts_rescued_total',
    help: 'Attempts of lost workers that this worker ended, so that their jobs continue.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.rescued),
  },
  {
    name: 'humdrum_jobs_released_total',
    help: 'Jobs that this worker has given back unfinished.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.released),
  },
  {
    name: 'humdrum_ticks_fired_total',
    help: 'Jobs that this process has made for schedules.',
    kind: 'counter',
    labels: [],
    samples: ({ tally }) => single(tally.ticks),
  },
  {
    name: 'humdrum_troubles_total',
    help: 'Failures in the engine itself, which are retried, by what it was doing.',
    kind: 'counter',
    labels: ['doing'],
    samples: ({ tally }) => [...tally.troubles].map(([doing, times]) => [{ doing }, times]),
  },
];

/** Of this process at this moment. */
export const OF_THIS_MOMENT: readonly Family[] = [
  {
    name: 'humdrum_worker_joined',
    help: '1 while this worker has its lease, 0 when it has lost it or is stopping. Absent if none was started.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ workerId, stopping }) => (workerId !== null && !stopping ? 1 : 0)),
  },
  {
    name: 'humdrum_worker_concurrency',
    help: 'Handlers that may run at once in this worker.',
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
    help: 'Jobs that have ended in this worker and wait to be recorded.',
    kind: 'gauge',
    labels: [],
    samples: ofWorker(({ unsettled }) => unsettled),
  },
  {
    name: 'humdrum_database_connections',
    help: "Connections in this process's pool, by state: busy, idle, and callers waiting for one.",
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
    help: "Maximum number of connections in this process's pool.",
    kind: 'gauge',
    labels: [],
    samples: ({ mostConnections }) => single(mostConnections),
  },
];
