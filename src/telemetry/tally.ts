import type { ClaimedJob } from '../engine/job/claimed-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Outcome } from '../engine/job/outcome.ts';
import type { EngineEvent } from '../engine/ports/events.ts';
import { Distribution } from './distribution.ts';

/** Histogram bounds for run times, in seconds. */
export const RUN_BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
export const WAIT_BOUNDS = [
  0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600,
];
export const TRIP_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Label for names that are not registered. Bounds the number of label values, because callers can make up any name. */
export const OTHER = 'other';
const MOST_TYPES = 500;

/** Counts for one type and queue. */
export interface JobCounts {
  completed: number;
  /** Failed for good: no attempts were left, or the error was permanent. */
  failed: number;
  completedAttempts: number;
  failedAttempts: number;
  fenced: number;
}

export interface TypeTally {
  readonly run: Distribution;
  /** First attempts only. */
  readonly wait: Distribution;
  readonly queues: Map<string, JobCounts>;
}

export interface QueueTally {
  readonly trip: Distribution;
  jobs: number;
}

/** Counts engine events. Independent of the export format, and allocates nothing per job. */
export class Tally {
  readonly types = new Map<string, TypeTally>();
  readonly claims = new Map<string, QueueTally>();
  readonly settlements: QueueTally = { trip: new Distribution(TRIP_BOUNDS), jobs: 0 };
  readonly troubles = new Map<string, number>();
  leasesLost = 0;
  rescued = 0;
  released = 0;
  blockedSeconds = 0;
  ticks = 0;
  readonly #names: ReadonlyMap<string, string>;

  /** The counters of `types` start at 0 from the beginning: Prometheus sees no increase in a counter that first appears as 1. */
  constructor(types: readonly JobType[]) {
    const labelled = types.slice(0, MOST_TYPES);
    this.#names = new Map(
      labelled.flatMap(({ type, aliases }) =>
        [type, ...aliases].map((name) => [name, type] as const),
      ),
    );
    for (const { type, queue } of labelled) countsIn(this.#typeOf(type), queue);
  }

  hear(event: EngineEvent): void {
    switch (event.event) {
      case 'job-settled':
        return this.#settled(event.job, event.outcome);
      case 'job-fenced':
        this.#countsOf(event.job).fenced += 1;
        return;
      case 'jobs-claimed':
        return this.#claimed(event);
      case 'batch-settled':
        this.settlements.trip.count(event.tookMs / 1_000);
        this.settlements.jobs += event.jobs;
        return;
      case 'jobs-rescued':
        this.rescued += event.rescued;
        return;
      case 'jobs-released':
        this.released += event.released;
        return;
      case 'ticks-fired':
        this.ticks += event.fired;
        return;
      case 'loop-blocked':
        this.blockedSeconds += event.ms / 1_000;
        return;
      case 'lease-lost':
        this.leasesLost += 1;
        return;
      case 'trouble':
        this.troubles.set(
          event.doing,
          (this.troubles.get(event.doing) ?? 0) + 1 + (event.repeated ?? 0),
        );
        return;
      default:
    }
  }

  #settled(job: ClaimedJob, { ended, durationMs }: Outcome): void {
    const type = this.#typeOf(job.type);
    const counts = countsIn(type, job.queue);
    type.run.count(durationMs / 1_000);
    if (job.attempt === 1) type.wait.count(Math.max(job.waitedMs, 0) / 1_000);
    if ('result' in ended) {
      counts.completed += 1;
      counts.completedAttempts += 1;
    } else {
      counts.failedAttempts += 1;
      if (ended.permanent || job.attempt >= job.maxAttempts) counts.failed += 1;
    }
  }

  #claimed({ queue, jobs, tookMs }: EngineEvent & { event: 'jobs-claimed' }): void {
    let claims = this.claims.get(queue);
    if (!claims)
      this.claims.set(queue, (claims = { trip: new Distribution(TRIP_BOUNDS), jobs: 0 }));
    claims.trip.count(tookMs / 1_000);
    claims.jobs += jobs;
  }

  #countsOf({ type, queue }: ClaimedJob): JobCounts {
    return countsIn(this.#typeOf(type), queue);
  }

  #typeOf(name: string): TypeTally {
    const label = this.#names.get(name) ?? OTHER;
    const known = this.types.get(label);
    if (known) return known;
    const made = {
      run: new Distribution(RUN_BOUNDS),
      wait: new Distribution(WAIT_BOUNDS),
      queues: new Map<string, JobCounts>(),
    };
    this.types.set(label, made);
    return made;
  }
}

/** Safe to label by queue: a process runs jobs only from the queues that its configuration names. */
function countsIn({ queues }: TypeTally, queue: string): JobCounts {
  const known = queues.get(queue);
  if (known) return known;
  const made = { completed: 0, failed: 0, completedAttempts: 0, failedAttempts: 0, fenced: 0 };
  queues.set(queue, made);
  return made;
}
